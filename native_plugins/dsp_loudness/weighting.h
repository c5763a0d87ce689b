/*
 * weighting.h: how an ear weighs a channel - the K filter, and the weight of each place in a layout.
 */
#ifndef LOUDNESS_WEIGHTING_H
#define LOUDNESS_WEIGHTING_H

#include <stdint.h>

/* Below it the first filter's corner would lie too near half the rate. */
#define LEAST_SAMPLE_RATE_HZ 4000u

#define STAGES 2u /* the shelf that a head is, then the high-pass */

typedef struct Weighting {
    double b[STAGES][3];
    double a[STAGES][2]; /* a1, a2; a0 is 1 */
} Weighting;

/* What one channel's filters remember: direct form II, transposed. */
typedef struct WeightingMemory {
    double z[STAGES][2];
} WeightingMemory;

Weighting weighting_at(uint32_t sample_rate_hz);

/* The next sample behind the filters. */
static inline double weighting_next(const Weighting *w, WeightingMemory *memory, double sample) {
    for (uint32_t s = 0; s < STAGES; s++) {
        double *z = memory->z[s], out = w->b[s][0] * sample + z[0];
        z[0] = w->b[s][1] * sample - w->a[s][0] * out + z[1];
        z[1] = w->b[s][2] * sample - w->a[s][1] * out;
        sample = out;
    }
    return sample;
}

/* Makes what is too small to matter nothing: what dies away would else be slow to compute with. */
void weighting_settle(WeightingMemory *memory);

/* How much a channel's energy counts, in the order of WAVEFORMATEXTENSIBLE: 0 for the low-frequency effects. */
double channel_weight(uint32_t channel, uint32_t channels);

#endif
