/*
 * filter.h: a row of biquad filters over interleaved float32, two channels in one vector.
 */
#ifndef EQUALIZER_FILTER_H
#define EQUALIZER_FILTER_H

#include "bands.h"

#define MAX_CHANNELS 8
#define MAX_PAIRS (MAX_CHANNELS / 2)

/* Memory is looked at every so many frames, counted from the start, so that block sizes do not matter. */
#define GRID_FRAMES 64u

/* Two channels side by side; the second of the last pair is silent when their number is odd. */
typedef double Lanes __attribute__((vector_size(16)));

/* H(z) = (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2) */
typedef struct Biquad {
    double b0, b1, b2, a1, a2;
    int active;
} Biquad;

typedef struct BiquadMemory {
    Lanes s1, s2;
} BiquadMemory;

typedef struct Filter {
    uint32_t channels;
    uint32_t count;
    uint32_t grid_frame; /* frames since the last look at tiny memory, below GRID_FRAMES */
    double preamp;
    Biquad biquads[MAX_BANDS];
    BiquadMemory memory[MAX_PAIRS][MAX_BANDS];
} Filter;

/* Computes preamp and coefficients for one rate; memory stays. A band at or above rate / 2 becomes inactive. */
void filter_design(Filter *filter, const BandList *list, uint32_t sample_rate_hz);

/* Forgets the past. */
void filter_clear(Filter *filter);

/* Filters `frames` frames in place. The result does not depend on how a stream is cut into calls. */
void filter_run(Filter *filter, float *samples, uint32_t frames);

#endif
