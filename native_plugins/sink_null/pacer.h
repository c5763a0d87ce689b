/*
 * pacer.h: an imagined device that plays frames at a steady rate from a short queue.
 *
 * All times are nanoseconds of the monotonic clock, handed in by the caller.
 */
#ifndef SINK_NULL_PACER_H
#define SINK_NULL_PACER_H

#include <stdint.h>

typedef struct Pacer {
    uint32_t sample_rate_hz;
    uint32_t depth_frames;
    uint64_t accepted; /* frames since `started_ns` */
    uint64_t started_ns;
} Pacer;

/* An empty queue of 100 ms. */
void pacer_start(Pacer *pacer, uint32_t sample_rate_hz);

/* Frames accepted and not played at `now_ns`. */
uint32_t pacer_queued(const Pacer *pacer, uint64_t now_ns);

/* Takes as many of `frames` as there is room for; a queue that ran dry starts to play anew. */
uint32_t pacer_accept(Pacer *pacer, uint32_t frames, uint64_t now_ns);

/* Throws away what is queued. */
void pacer_clear(Pacer *pacer);

#endif
