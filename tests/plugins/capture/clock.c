/*
 * clock.c: positions from times.
 */
#include "clock.h"

static uint64_t played(const Clock *clock, uint64_t now_ns) {
    return now_ns > clock->started_ns ? (uint64_t)((double)(now_ns - clock->started_ns) * clock->rate_hz / 1e9) : 0;
}

void clock_start(Clock *clock, uint64_t now_ns) {
    clock->runs = 1;
    clock->started_ns = now_ns;
    clock->given = 0;
}

void clock_stop(Clock *clock) { clock->runs = 0; }

uint64_t clock_missing(const Clock *clock, uint64_t now_ns) {
    uint64_t at = clock->runs ? played(clock, now_ns) : 0;
    return at > clock->given ? at - clock->given : 0;
}

uint64_t clock_queued(const Clock *clock, uint64_t now_ns) {
    uint64_t at = clock->runs ? played(clock, now_ns) : clock->given;
    return at < clock->given ? clock->given - at : 0;
}

uint64_t clock_room(const Clock *clock, uint64_t now_ns) {
    uint64_t queued = clock_queued(clock, now_ns);
    return queued < clock->depth_frames ? clock->depth_frames - queued : 0;
}
