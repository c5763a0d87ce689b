/*
 * chance.h: repeatable randomness, one state per thread.
 */
#ifndef ST_SANITIZE_CHANCE_H
#define ST_SANITIZE_CHANCE_H

#include <stdint.h>
#include <time.h>

/* A number below `most` (xorshift64*). The state is never 0. */
static inline uint32_t chance(uint64_t *state, uint32_t most) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 0x2545f4914f6cdd1dull) >> 32) % most;
}

/* A state for the n-th of a seed's threads. */
static inline uint64_t chance_for(uint64_t seed, uint64_t n) { return (seed ^ n * 0x9e3779b97f4a7c15ull) | 1; }

/* Sleeps for less than `most_ns`. */
static inline void chance_to_sleep(uint64_t *state, uint32_t most_ns) {
    struct timespec t = {.tv_nsec = (long)chance(state, most_ns)};
    nanosleep(&t, NULL);
}

#endif
