/*
 * flac_input.h: the callbacks by which libFLAC reads its bytes; client data is a FlacStream.
 */
#ifndef DECODER_FLAC_INPUT_H
#define DECODER_FLAC_INPUT_H

#include "flac_stream.h"

FLAC__StreamDecoderReadStatus flac_input_read(const FLAC__StreamDecoder *decoder, FLAC__byte *buffer, size_t *bytes,
                                              void *client);
FLAC__StreamDecoderSeekStatus flac_input_seek(const FLAC__StreamDecoder *decoder, FLAC__uint64 offset, void *client);
FLAC__StreamDecoderTellStatus flac_input_tell(const FLAC__StreamDecoder *decoder, FLAC__uint64 *offset, void *client);
FLAC__StreamDecoderLengthStatus flac_input_length(const FLAC__StreamDecoder *decoder, FLAC__uint64 *length,
                                                  void *client);
FLAC__bool flac_input_eof(const FLAC__StreamDecoder *decoder, void *client);

/* Whether the bytes from `offset` on begin like a frame. Moves the input. */
int flac_input_has_frame_at(FlacStream *stream, uint64_t offset);

#endif
