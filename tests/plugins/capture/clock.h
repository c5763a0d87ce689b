/*
 * clock.h: how far an imagined device has played, by the monotonic clock alone. It never waits for frames: what it is not
 * given in time it plays as silence.
 *
 * All times are nanoseconds, handed in by the caller.
 */
#ifndef CAPTURE_CLOCK_H
#define CAPTURE_CLOCK_H

#include <stdint.h>

typedef struct Clock {
    double rate_hz;        /* of the device: the sample rate times the speed */
    uint64_t depth_frames; /* what it takes ahead */
    int runs;
    uint64_t started_ns;
    uint64_t given; /* frames since the start, silence included */
} Clock;

void clock_start(Clock *clock, uint64_t now_ns);

void clock_stop(Clock *clock);

/* Frames that it played and was not given. */
uint64_t clock_missing(const Clock *clock, uint64_t now_ns);

/* Frames given and not played; 0 while it stands. */
uint64_t clock_queued(const Clock *clock, uint64_t now_ns);

/* Frames that it takes now. */
uint64_t clock_room(const Clock *clock, uint64_t now_ns);

#endif
