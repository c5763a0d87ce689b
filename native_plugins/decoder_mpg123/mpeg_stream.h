/*
 * mpeg_stream.h: an MPEG audio input as a line of frames - open, read, seek, each exact.
 *
 * A block is what MPEG calls a frame: up to 1152 frames of ours. Positions count frames from the first one that is
 * heard: what the encoder has put before and behind the sound is taken away here, where the file says how much that is.
 */
#ifndef DECODER_MPG123_STREAM_H
#define DECODER_MPG123_STREAM_H

#include <mpg123.h>
#include <stellatune_input.h>

#include "id3_tags.h"
#include "info_frame.h"

#define MPEG_STREAM_TEXT_BYTES 256

typedef struct MpegStream {
    StInput input;
    mpg123_handle *mpeg;
    InfoFrame info_frame;
    Tags tags;
    uint32_t rate_hz;
    uint32_t channels;
    uint32_t block_frames;
    uint32_t first_header;  /* of the first block */
    int has_claim;          /* its length is what info_frame says */
    uint32_t run_up_blocks; /* behind so many blocks nothing is left of where decoding began */
    uint64_t first_frame;   /* what is heard first, counted from the first block */
    uint64_t total_frames;  /* 0: unknown */
    uint64_t estimated_ms;  /* where that is unknown; 0: no idea */

    /* Where decoding is. */
    uint64_t position;    /* of the frame that the next read gives */
    const float *pending; /* inside libmpg123, valid until its next call */
    uint32_t pending_frames;
    uint64_t decoded_end;    /* of the last block, counted from the first block */
    uint64_t block_end_byte; /* of the last block that was decoded; 0: none was since the start or a seek */
    uint32_t foreign_blocks; /* in a row, just now, of another format */
    uint32_t junk_places;
    int ended;
    int32_t failure; /* StStatusCode of what stopped decoding; stays until a seek */
    char failure_text[MPEG_STREAM_TEXT_BYTES];
} MpegStream;

StStatus mpeg_stream_open(MpegStream *stream, const StIoVTable *io, void *io_handle);

/* Gives up to `frames` frames; a failure is told once the frames before it have been given. */
StStatus mpeg_stream_read(MpegStream *stream, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof);

/* Moves to exactly `frame`. */
StStatus mpeg_stream_seek(MpegStream *stream, uint64_t frame);

/* Frees what the stream holds, not the stream. */
void mpeg_stream_close(MpegStream *stream);

#endif
