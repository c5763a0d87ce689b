/*
 * filter.c: coefficients from the Audio EQ Cookbook, and the loop that runs them.
 *
 * Source of all formulas: R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients"
 * ("Audio EQ Cookbook"): the definitions of A, w0 and alpha (the case of a given Q), then one set b0..a2 per filter.
 */
#include "filter.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define TINY 1e-30

static const double pi = 3.14159265358979323846;

static Biquad normalised(double b0, double b1, double b2, double a0, double a1, double a2) {
    Biquad biquad = {b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0, 1};
    return biquad;
}

static Biquad design(const Band *band, double sample_rate_hz) {
    double a = pow(10.0, band->gain_db / 40.0);                /* A = 10^(dBgain/40) */
    double w0 = 2.0 * pi * band->freq_hz / sample_rate_hz;     /* w0 = 2 pi f0 / Fs */
    double c = cos(w0), alpha = sin(w0) / (2.0 * band->q);     /* alpha = sin(w0) / (2 Q) */
    double root = 2.0 * sqrt(a) * alpha;                       /* 2 sqrt(A) alpha, in both shelves */
    switch (band->type) {
    case BAND_LOW_PASS: /* LPF: H(s) = 1 / (s^2 + s/Q + 1) */
        return normalised((1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha);
    case BAND_HIGH_PASS: /* HPF: H(s) = s^2 / (s^2 + s/Q + 1) */
        return normalised((1 + c) / 2, -(1 + c), (1 + c) / 2, 1 + alpha, -2 * c, 1 - alpha);
    case BAND_NOTCH: /* notch: H(s) = (s^2 + 1) / (s^2 + s/Q + 1) */
        return normalised(1, -2 * c, 1, 1 + alpha, -2 * c, 1 - alpha);
    case BAND_LOW_SHELF: /* lowShelf: H(s) = A (s^2 + sqrt(A)/Q s + A) / (A s^2 + sqrt(A)/Q s + 1) */
        return normalised(a * ((a + 1) - (a - 1) * c + root), 2 * a * ((a - 1) - (a + 1) * c),
                          a * ((a + 1) - (a - 1) * c - root), (a + 1) + (a - 1) * c + root,
                          -2 * ((a - 1) + (a + 1) * c), (a + 1) + (a - 1) * c - root);
    case BAND_HIGH_SHELF: /* highShelf: H(s) = A (A s^2 + sqrt(A)/Q s + 1) / (s^2 + sqrt(A)/Q s + A) */
        return normalised(a * ((a + 1) + (a - 1) * c + root), -2 * a * ((a - 1) + (a + 1) * c),
                          a * ((a + 1) + (a - 1) * c - root), (a + 1) - (a - 1) * c + root,
                          2 * ((a - 1) - (a + 1) * c), (a + 1) - (a - 1) * c - root);
    default: /* peakingEQ: H(s) = (s^2 + s A/Q + 1) / (s^2 + s/(A Q) + 1) */
        return normalised(1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a);
    }
}

void filter_design(Filter *filter, const BandList *list, uint32_t sample_rate_hz) {
    filter->preamp = pow(10.0, list->preamp_db / 20.0);
    filter->count = list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->bands[i].freq_hz < sample_rate_hz / 2.0) {
            filter->biquads[i] = design(&list->bands[i], sample_rate_hz);
        } else {
            filter->biquads[i].active = 0;
        }
    }
}

void filter_clear(Filter *filter) {
    memset(filter->memory, 0, sizeof filter->memory);
    filter->grid_frame = 0;
}

/* Transposed direct form II; the memory stays in registers for the run. */
static void run_biquad(const Biquad *q, BiquadMemory *memory, Lanes *work, uint32_t frames) {
    Lanes s1 = memory->s1, s2 = memory->s2;
    for (uint32_t i = 0; i < frames; i++) {
        Lanes x = work[i], y = q->b0 * x + s1;
        s1 = (q->b1 * x + s2) - q->a1 * y;
        s2 = q->b2 * x - q->a2 * y;
        work[i] = y;
    }
    memory->s1 = s1;
    memory->s2 = s2;
}

static void run_pair(Filter *filter, uint32_t pair, float *samples, uint32_t frames) {
    Lanes work[GRID_FRAMES];
    uint32_t step = filter->channels;
    float *first = samples + 2 * (size_t)pair;
    int both = 2 * pair + 1 < step;
    for (uint32_t i = 0; i < frames; i++) {
        work[i][0] = first[(size_t)i * step] * filter->preamp;
        work[i][1] = both ? first[(size_t)i * step + 1] * filter->preamp : 0.0;
    }
    for (uint32_t b = 0; b < filter->count; b++)
        if (filter->biquads[b].active) run_biquad(&filter->biquads[b], &filter->memory[pair][b], work, frames);
    for (uint32_t i = 0; i < frames; i++) {
        first[(size_t)i * step] = (float)work[i][0];
        if (both) first[(size_t)i * step + 1] = (float)work[i][1];
    }
}

/* Decaying memory would become denormal and slow; memory that is no number would stay so for ever. */
static double kept(double s) {
    double size = fabs(s);
    return size >= TINY && size <= DBL_MAX ? s : 0.0;
}

static void drop_tiny_memory(Filter *filter) {
    for (uint32_t pair = 0; pair < (filter->channels + 1) / 2; pair++) {
        for (uint32_t b = 0; b < filter->count; b++) {
            BiquadMemory *m = &filter->memory[pair][b];
            for (int lane = 0; lane < 2; lane++) {
                m->s1[lane] = kept(m->s1[lane]);
                m->s2[lane] = kept(m->s2[lane]);
            }
        }
    }
}

void filter_run(Filter *filter, float *samples, uint32_t frames) {
    while (frames > 0) {
        uint32_t left = GRID_FRAMES - filter->grid_frame, now = frames < left ? frames : left;
        for (uint32_t pair = 0; pair < (filter->channels + 1) / 2; pair++) run_pair(filter, pair, samples, now);
        samples += (size_t)now * filter->channels;
        frames -= now;
        filter->grid_frame += now;
        if (filter->grid_frame == GRID_FRAMES) {
            filter->grid_frame = 0;
            drop_tiny_memory(filter);
        }
    }
}
