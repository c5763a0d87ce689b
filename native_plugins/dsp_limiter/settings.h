/*
 * settings.h: what the user asked for, and the numbers that the limiter works with for it.
 */
#ifndef LIMITER_SETTINGS_H
#define LIMITER_SETTINGS_H

#include <stellatune/common.h>

#define MAX_SAMPLE_RATE_HZ 768000u
#define MAX_CHANNELS 64u

typedef struct Settings {
    double ceiling_db;
    double lookahead_ms;
    double release_ms;
    double input_gain_db;
} Settings;

/* What may change while it runs. */
typedef struct Levels {
    float ceiling;    /* linear, above 0, at most 1 */
    float input_gain; /* linear */
    uint32_t release; /* share of the way back that one frame goes, in units of 2^-32; never 0 */
} Levels;

/* Reads a configuration; what it lacks has the default. The settings are written only on success. */
StStatus settings_parse(StStr config, Settings *out_settings);

/* The look-ahead in whole frames, at least one. */
uint32_t settings_lookahead_frames(const Settings *settings, uint32_t sample_rate_hz);

Levels settings_levels(const Settings *settings, uint32_t sample_rate_hz);

#endif
