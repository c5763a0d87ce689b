/*
 * limiter.h: the gain computer and the delay line, over interleaved float32.
 *
 * All gains are whole numbers, GAIN_ONE is 1: sums of them are exact, so no result depends on what happened long ago or on
 * how the stream is cut into calls.
 */
#ifndef LIMITER_LIMITER_H
#define LIMITER_LIMITER_H

#include "settings.h"
#include "window.h"

/* With 28 bits behind the point a gain times a float's 24 bits is exact in double precision. */
#define GAIN_ONE (1u << 28)

/*
 * The head of what is exported, to the byte. Behind it stand three rings of `lookahead_frames` frames, in all of which
 * the oldest frame is at `at`: needed gains, released gains, and samples that have not come out yet.
 */
typedef struct StateHeader {
    char magic[8];
    uint32_t version;
    uint32_t size_bytes; /* header and rings */
    uint32_t sample_rate_hz;
    uint32_t channels;
    uint32_t lookahead_frames;
    uint32_t at;
    uint32_t ramp_frames; /* length of the line from one configuration to the next */
    uint32_t ramp_done;   /* frames of it that are behind; ramp_frames when at the target */
    Levels from;
    Levels target;
} StateHeader;

ST_STATIC_ASSERT(sizeof(StateHeader) == 64, "StateHeader has no padding");

typedef struct Limiter {
    StateHeader *state;
    uint32_t *needed;   /* the gain that a frame's own peak asks for */
    uint32_t *released; /* the least of those around it, and from there the way back; never above it */
    float *held;        /* behind the input gain */
    /* What follows from the state. */
    Levels now;
    Window window;         /* over the needed gains */
    uint64_t released_sum; /* of the whole ring */
} Limiter;

/* Everything one needs, silent. Errors: INTERNAL (no memory). */
StStatus limiter_make(Limiter *limiter, uint32_t sample_rate_hz, uint32_t channels, uint32_t lookahead_frames,
                      Levels levels);

void limiter_free(Limiter *limiter);

/* Forgets the past; a line to new levels is at its end. */
void limiter_clear(Limiter *limiter);

/* Makes what follows from the state anew, after the state was written by somebody else. */
void limiter_resume(Limiter *limiter);

/* Goes to other levels in a straight line of ramp_frames, unless it is on the way there. */
void limiter_ramp_to(Limiter *limiter, Levels target);

/* Limits `frames` frames in place; what comes out is lookahead_frames late. */
void limiter_run(Limiter *limiter, float *samples, uint32_t frames);

#endif
