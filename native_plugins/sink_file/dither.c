/*
 * dither.c: two uniform numbers out of one hash; their difference is triangular.
 */
#include "dither.h"

#define MOST_CHANNELS 64u

/* SplitMix64 (Steele, Lea, Flood 2014): the number of a counter's place, without the numbers before it. */
static uint64_t hash(uint64_t counter) {
    uint64_t z = (counter + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

double dither_noise(uint64_t frame, uint32_t channel) {
    uint64_t bits = hash(frame * MOST_CHANNELS + channel);
    return ((double)(bits >> 32) - (double)(bits & UINT32_MAX)) * 0x1p-32;
}
