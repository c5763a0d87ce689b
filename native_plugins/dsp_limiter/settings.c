/*
 * settings.c: configuration text -> numbers, with the limits of the schema checked once more.
 */
#include "settings.h"

#include <math.h>

#include <stellatune_sdk.h>

static StStatus read_number(StJson config, const char *name, double least, double most, double absent, double *out) {
    StJson value;
    double number = absent;
    if (st_json_member(config, name, &value) && !st_json_number(value, &number))
        return st_error(ST_ERROR_INVALID_ARG, "limiter: %s is not a number", name);
    if (!(number >= least && number <= most))
        return st_error(ST_ERROR_INVALID_ARG, "limiter: %s is %g, choose %g to %g", name, number, least, most);
    *out = number;
    return st_ok();
}

StStatus settings_parse(StStr config, Settings *out_settings) {
    Settings s;
    StJson json = st_json(config);
    StStatus read = read_number(json, "ceiling_db", -60, 0, -1, &s.ceiling_db);
    if (read.code == ST_OK) read = read_number(json, "lookahead_ms", 0.1, 20, 5, &s.lookahead_ms);
    if (read.code == ST_OK) read = read_number(json, "release_ms", 1, 2000, 50, &s.release_ms);
    if (read.code == ST_OK) read = read_number(json, "input_gain_db", -24, 24, 0, &s.input_gain_db);
    if (read.code == ST_OK) *out_settings = s;
    return read;
}

uint32_t settings_lookahead_frames(const Settings *settings, uint32_t sample_rate_hz) {
    uint32_t frames = (uint32_t)(settings->lookahead_ms * sample_rate_hz / 1000.0 + 0.5);
    return frames > 0 ? frames : 1;
}

/* A distance falls to 1/e in the time of the release: a frame goes 1 - e^(-1 / (time * rate)) of it. */
static uint32_t release_share(double release_ms, uint32_t sample_rate_hz) {
    double share = -expm1(-1000.0 / (release_ms * sample_rate_hz)) * 4294967296.0;
    return share < 1 ? 1 : share < UINT32_MAX ? (uint32_t)share : UINT32_MAX;
}

Levels settings_levels(const Settings *settings, uint32_t sample_rate_hz) {
    Levels levels = {(float)pow(10.0, settings->ceiling_db / 20.0), (float)pow(10.0, settings->input_gain_db / 20.0),
                     release_share(settings->release_ms, sample_rate_hz)};
    return levels;
}
