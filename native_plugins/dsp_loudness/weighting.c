/*
 * weighting.c: ITU-R BS.1770-4, annex 1 (K filter, weights) and annex 3 (weights of more than five channels).
 *
 * The standard gives coefficients for 48 kHz only. They come from these analogue corners, gains and qualities, by the
 * bilinear transform (B. Neunaber's derivation, which libebur128 uses as well); at 48 kHz they are the standard's.
 */
#include "weighting.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static const double SHELF_HZ = 1681.974450955533, SHELF_DB = 3.999843853973347, SHELF_Q = 0.7071752369554196;
static const double SHELF_SLOPE = 0.4996667741545416;
static const double PASS_HZ = 38.13547087602444, PASS_Q = 0.5003270373238773;

#define TOO_SMALL 1e-20
#define SURROUND_WEIGHT 1.41

/* The two poles that a corner and a quality give; says what all is to be divided by. */
static double set_poles(double k, double q, double *a) {
    double a0 = 1.0 + k / q + k * k;
    a[0] = 2.0 * (k * k - 1.0) / a0;
    a[1] = (1.0 - k / q + k * k) / a0;
    return a0;
}

Weighting weighting_at(uint32_t sample_rate_hz) {
    Weighting w;
    double k = tan(pi * SHELF_HZ / sample_rate_hz), high = pow(10.0, SHELF_DB / 20.0), band = pow(high, SHELF_SLOPE);
    double a0 = set_poles(k, SHELF_Q, w.a[0]);
    w.b[0][0] = (high + band * k / SHELF_Q + k * k) / a0;
    w.b[0][1] = 2.0 * (k * k - high) / a0;
    w.b[0][2] = (high - band * k / SHELF_Q + k * k) / a0;
    set_poles(tan(pi * PASS_HZ / sample_rate_hz), PASS_Q, w.a[1]);
    w.b[1][0] = 1.0;
    w.b[1][1] = -2.0;
    w.b[1][2] = 1.0;
    return w;
}

void weighting_settle(WeightingMemory *memory) {
    for (uint32_t s = 0; s < STAGES; s++)
        for (uint32_t i = 0; i < 2; i++)
            if (fabs(memory->z[s][i]) < TOO_SMALL) memory->z[s][i] = 0.0;
}

double channel_weight(uint32_t channel, uint32_t channels) {
    switch (channels) {
    case 4: /* L R Ls Rs */
        return channel < 2 ? 1.0 : SURROUND_WEIGHT;
    case 5: /* L R C Ls Rs */
        return channel < 3 ? 1.0 : SURROUND_WEIGHT;
    case 6: /* L R C LFE Ls Rs */
        return channel == 3 ? 0.0 : channel < 4 ? 1.0 : SURROUND_WEIGHT;
    case 7: /* L R C LFE Cb Ls Rs */
        return channel == 3 ? 0.0 : channel < 5 ? 1.0 : SURROUND_WEIGHT;
    case 8: /* L R C LFE Lb Rb Ls Rs */
        return channel == 3 ? 0.0 : channel < 6 ? 1.0 : SURROUND_WEIGHT;
    default:
        return 1.0;
    }
}
