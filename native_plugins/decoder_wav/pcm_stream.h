/*
 * pcm_stream.h: a WAV or AIFF input as a line of frames - open, read, seek.
 */
#ifndef DECODER_WAV_PCM_STREAM_H
#define DECODER_WAV_PCM_STREAM_H

#include "byte_input.h"
#include "pcm_layout.h"

typedef struct PcmStream {
    ByteInput input;
    PcmLayout layout;
    uint32_t frame_bytes;
    uint64_t frames;   /* that the file holds; FRAMES_UNKNOWN on an input of unknown length */
    uint64_t declared; /* that it should hold; FRAMES_UNKNOWN where it does not say */
    uint64_t position;
    uint8_t *raw;
    uint32_t raw_frames;
} PcmStream;

StStatus pcm_stream_open(PcmStream *stream, const StIoVTable *io, void *io_handle);

/* Gives up to `frames` frames. A file that is shorter than it declares ends with an error instead of eof. */
StStatus pcm_stream_read(PcmStream *stream, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof);

StStatus pcm_stream_seek(PcmStream *stream, uint64_t frame);

/* Frees what the stream holds, not the stream. */
void pcm_stream_close(PcmStream *stream);

#endif
