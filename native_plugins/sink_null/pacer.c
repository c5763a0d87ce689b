/*
 * pacer.c: how far an imagined device has played, from the clock alone.
 */
#include "pacer.h"

#define NS_PER_S 1000000000ull

static uint64_t played(const Pacer *pacer, uint64_t now_ns) {
    uint64_t ns = now_ns - pacer->started_ns;
    uint64_t frames = ns / NS_PER_S * pacer->sample_rate_hz + ns % NS_PER_S * pacer->sample_rate_hz / NS_PER_S;
    return frames < pacer->accepted ? frames : pacer->accepted;
}

void pacer_start(Pacer *pacer, uint32_t sample_rate_hz) {
    pacer->sample_rate_hz = sample_rate_hz;
    pacer->depth_frames = sample_rate_hz / 10 + 1;
    pacer_clear(pacer);
}

uint32_t pacer_queued(const Pacer *pacer, uint64_t now_ns) {
    return (uint32_t)(pacer->accepted - played(pacer, now_ns));
}

uint32_t pacer_accept(Pacer *pacer, uint32_t frames, uint64_t now_ns) {
    uint32_t queued = pacer_queued(pacer, now_ns), room = pacer->depth_frames - queued;
    uint32_t taken = frames < room ? frames : room;
    if (queued == 0) {
        pacer->accepted = 0;
        pacer->started_ns = now_ns;
    }
    pacer->accepted += taken;
    return taken;
}

void pacer_clear(Pacer *pacer) {
    pacer->accepted = 0;
    pacer->started_ns = 0;
}
