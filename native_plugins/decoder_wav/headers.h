/*
 * headers.h: the two kinds of header that hold plain samples.
 */
#ifndef DECODER_WAV_HEADERS_H
#define DECODER_WAV_HEADERS_H

#include "byte_input.h"
#include "pcm_layout.h"

/* The bytes that tell the kinds apart. */
#define HEADER_MAGIC_BYTES 12

/* Whether the first HEADER_MAGIC_BYTES are those of this kind. */
int wav_header_matches(const uint8_t *magic);
int aiff_header_matches(const uint8_t *magic);

/* Reads the chunks behind the magic bytes, which have been read. */
StStatus wav_header_read(ByteInput *input, const uint8_t *magic, PcmLayout *layout);
StStatus aiff_header_read(ByteInput *input, const uint8_t *magic, PcmLayout *layout);

#endif
