/*
 * settings.c: configuration text -> numbers, with the limits of the schema checked once more.
 */
#include "settings.h"

#include <stellatune_sdk.h>

static StStatus read_number(StJson config, const char *name, double least, double most, double absent, double *out) {
    StJson value;
    double number = absent;
    if (st_json_member(config, name, &value) && !st_json_number(value, &number))
        return st_error(ST_ERROR_INVALID_ARG, "loudness: %s is not a number", name);
    if (!(number >= least && number <= most))
        return st_error(ST_ERROR_INVALID_ARG, "loudness: %s is %g, choose %g to %g", name, number, least, most);
    *out = number;
    return st_ok();
}

StStatus settings_parse(StStr config, Settings *out_settings) {
    Settings s;
    StJson json = st_json(config);
    StStatus read = read_number(json, "target_lufs", -40, -5, -18, &s.target_lufs);
    if (read.code == ST_OK) read = read_number(json, "max_boost_db", 0, 30, 12, &s.max_boost_db);
    if (read.code == ST_OK) read = read_number(json, "max_cut_db", 0, 40, 24, &s.max_cut_db);
    if (read.code == ST_OK) read = read_number(json, "peak_db", -20, 0, -1, &s.peak_db);
    if (read.code == ST_OK) read = read_number(json, "speed_db_s", 0.1, 20, 2, &s.speed_db_s);
    if (read.code == ST_OK) read = read_number(json, "window_s", 3, MOST_WINDOW_S, 30, &s.window_s);
    if (read.code == ST_OK) *out_settings = s;
    return read;
}
