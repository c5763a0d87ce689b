/*
 * track.h: one audio stream of one input - open, read, seek.
 *
 * `position` is the frame that the next read gives, as counted from the start of a straight read; `exact` says whether
 * it is that, or (after a seek by coarse time stamps) only about that.
 */
#ifndef DECODER_FFMPEG_TRACK_H
#define DECODER_FFMPEG_TRACK_H

#include <libavcodec/avcodec.h>

#include "input.h"
#include "samples.h"
#include "stamps.h"

#define TRACK_MAX_RATE_HZ 768000

typedef enum Step { STEP_FRAME, STEP_ENDED, STEP_FAILED } Step;

typedef struct Track {
    Input input;
    AVStream *stream;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    int has_packet;       /* read, not decoded yet */
    int64_t first_stamp;  /* packets before it are not decoded */
    int is_draining;      /* the container has no more */
    int ended;            /* and the codec neither */
    uint32_t frame_at;    /* of `frame`: given already */
    uint32_t frame_left;  /* and still to give */
    uint64_t silent_left; /* frames of silence before those */

    /* Found by decoding the first block; a later block must fit. */
    uint32_t rate_hz;
    uint32_t channels;
    uint32_t bits; /* 0 for lossy codecs */
    int is_lossless;
    int is_rounded;
    uint8_t order[SAMPLES_MAX_CHANNELS];

    uint64_t position;
    int exact;
    uint64_t end_frame; /* 0: not told by the container, or wrongly */
    uint32_t skipped;   /* cut from the start by the decoder */
    Stamps stamps;

    uint32_t broken_run; /* packets in a row that could not be decoded */
    uint32_t lost_places;
    uint64_t first_lost;
    int32_t failure; /* StStatusCode that every read answers until a seek */
    char failure_text[INPUT_TEXT_BYTES];
} Track;

/* Opens the input and decodes its first block. What is left of a failed one is for track_close. */
StStatus track_open(Track *track, StDecoderOpenArgs args);

/* Decodes until there are frames to give. A failure is kept in the track. */
Step track_step(Track *track);

/* Counts frames at hand as given: at most what track_step has left. */
void track_pass(Track *track, uint32_t frames);

/* Gives up to `frames` frames; damage on the way is told in place of the end of the stream. */
StStatus track_read(Track *track, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof);

/* From the first byte again, as after track_open. The format must be that of the first time. */
StStatus track_restart(Track *track);

/* After libavformat has moved: a codec without a past, nothing at hand, no failure. */
int track_forget(Track *track);

StStatus track_failure(const Track *track);

/* Frees what the track holds, not the track. */
void track_close(Track *track);

#endif
