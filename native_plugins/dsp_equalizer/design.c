/*
 * design.c: coefficients from the Audio EQ Cookbook.
 *
 * Source of all formulas: R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients"
 * ("Audio EQ Cookbook"): the definitions of A, w0 and alpha (the case of a given Q), then one set b0..a2 per filter.
 */
#include "design.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

int type_has_gain(BandType type) {
    return type == BAND_PEAKING || type == BAND_LOW_SHELF || type == BAND_HIGH_SHELF;
}

int band_fits(const Band *band, uint32_t sample_rate_hz) { return band->freq_hz < sample_rate_hz / 2.0; }

Setting setting_of(const Band *band, uint32_t sample_rate_hz) {
    Setting setting = {band->freq_hz, band->q, type_has_gain(band->type) ? band->gain_db : 1.0};
    if (!band_fits(band, sample_rate_hz)) {
        setting.freq_hz = sample_rate_hz / 4.0;
        setting.depth = 0;
    }
    return setting;
}

int settings_equal(Setting a, Setting b) {
    if (a.depth == 0 && b.depth == 0) return 1;
    return a.freq_hz == b.freq_hz && a.q == b.q && a.depth == b.depth;
}

static Biquad normalised(double b0, double b1, double b2, double a0, double a1, double a2) {
    Biquad biquad = {b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0};
    return biquad;
}

static Biquad cookbook(BandType type, Setting setting, double sample_rate_hz) {
    double gain_db = type_has_gain(type) ? setting.depth : 0.0;
    double a = pow(10.0, gain_db / 40.0);                      /* A = 10^(dBgain/40) */
    double w0 = 2.0 * pi * setting.freq_hz / sample_rate_hz;   /* w0 = 2 pi f0 / Fs */
    double c = cos(w0), alpha = sin(w0) / (2.0 * setting.q);   /* alpha = sin(w0) / (2 Q) */
    double root = 2.0 * sqrt(a) * alpha;                       /* 2 sqrt(A) alpha, in both shelves */
    switch (type) {
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

/* share * H + 1 - share, over the same poles; exactly the filter at 1, and no filter at 0. */
static void fade(Biquad *q, double share) {
    if (share == 1.0) return;
    q->b0 = 1.0 + (q->b0 - 1.0) * share;
    q->b1 = q->a1 + (q->b1 - q->a1) * share;
    q->b2 = q->a2 + (q->b2 - q->a2) * share;
}

Biquad design(BandType type, Setting setting, uint32_t sample_rate_hz) {
    Biquad biquad = cookbook(type, setting, sample_rate_hz);
    if (!type_has_gain(type)) fade(&biquad, setting.depth);
    return biquad;
}
