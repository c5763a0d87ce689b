/*
 * flac_stream.h: a FLAC input as a line of frames - open, read, seek, each exact.
 *
 * Positions count frames from the first one of the file. Frames that a damaged file has lost are played as silence, so
 * that positions stay true.
 */
#ifndef DECODER_FLAC_STREAM_H
#define DECODER_FLAC_STREAM_H

#include <FLAC/stream_decoder.h>
#include <stellatune_tagset.h>

#include "flac_head.h"

#define FLAC_STREAM_TEXT_BYTES 256
#define FLAC_STREAM_LABEL_BYTES 400

typedef struct FlacStream {
    FLAC__StreamDecoder *decoder;
    const StIoVTable *io;
    void *io_handle;
    FlacHead head;
    uint64_t io_position; /* in what libFLAC is shown */
    int io_ended;

    /* The MD5 of the header, compared when all was given without a seek. */
    int verify_md5;                       /* set before open, and never after */
    int straight;                         /* since open, nobody has sought */
    int finished;                         /* libFLAC has compared, and must be started anew before it decodes again */
    char label[FLAC_STREAM_LABEL_BYTES]; /* what messages call the file */

    /* From the header. */
    int has_format;
    uint32_t rate_hz;
    uint32_t channels;
    uint32_t bits;
    uint64_t total_frames; /* 0: unknown */
    uint32_t max_block_frames;
    Tags tags;

    /* Where decoding is. Frames wait in the order silence, pending. */
    uint64_t next_frame;    /* first frame that has not been decoded or made up yet */
    uint64_t decoded_end;   /* end of the last block that libFLAC gave */
    uint64_t number_offset; /* number that the first frame bears in its header */
    uint64_t frame_end_byte;
    int has_offset;
    uint64_t silent_frames;
    float *pending;
    uint32_t pending_at;
    uint32_t pending_frames;

    /* Where the call in progress wants its frames. */
    float *out;
    uint32_t room_frames;
    uint32_t given_frames;

    int seeking;
    int step_damaged; /* errors in this step: its blocks become silence */
    int step_lost;    /* errors or a hole in this step */
    uint64_t damage_count;

    /* Places where frames were lost, since open: a seek forgets none and counts none twice. */
    uint32_t lost_places;
    uint64_t first_lost, last_lost; /* frames near which the first and the last of them are */
    int has_lost_frame;             /* something is lost at lost_frame, and no block has followed yet */
    uint64_t lost_frame;
    int ended;
    int32_t failure; /* StStatusCode of what stopped decoding; stays until a seek */
    char failure_text[FLAC_STREAM_TEXT_BYTES];
} FlacStream;

/* Reads the header; `label` is what the log calls the file. */
StStatus flac_stream_open(FlacStream *stream, StStr label, const StIoVTable *io, void *io_handle);

/*
 * Gives up to `frames` frames; a failure is told once the frames before it have been given, and frames that were lost
 * in place of the end of the stream.
 */
StStatus flac_stream_read(FlacStream *stream, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof);

/* Moves to exactly `frame`. */
StStatus flac_stream_seek(FlacStream *stream, uint64_t frame);

/* Frees what the stream holds, not the stream. */
void flac_stream_close(FlacStream *stream);

#endif
