/*
 * design.h: where a band stands at one moment, and the biquad filter that is heard there.
 */
#ifndef EQUALIZER_DESIGN_H
#define EQUALIZER_DESIGN_H

#include "bands.h"

/*
 * depth: the gain in dB of types that have one; of the others the share that is heard, 0 to 1. At depth 0 a band is
 * out: whatever frequency and q are, its zeros cancel its poles.
 */
typedef struct Setting {
    double freq_hz;
    double q;
    double depth;
} Setting;

/* H(z) = (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2) */
typedef struct Biquad {
    double b0, b1, b2, a1, a2;
} Biquad;

int type_has_gain(BandType type);

/* Whether audio of that rate holds the band's frequency. */
int band_fits(const Band *band, uint32_t sample_rate_hz);

/* The band as it was asked for; one that does not fit is out, at a frequency that does. */
Setting setting_of(const Band *band, uint32_t sample_rate_hz);

/* Whether both settings are heard as the same. */
int settings_equal(Setting a, Setting b);

/* A function of its arguments alone, so that whoever knows a setting has the same filter to the bit. */
Biquad design(BandType type, Setting setting, uint32_t sample_rate_hz);

#endif
