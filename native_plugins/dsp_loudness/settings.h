/*
 * settings.h: what the user asked for.
 */
#ifndef LOUDNESS_SETTINGS_H
#define LOUDNESS_SETTINGS_H

#include <stellatune/common.h>

#define MOST_WINDOW_S 120u

typedef struct Settings {
    double target_lufs;
    double max_boost_db;
    double max_cut_db;
    double peak_db; /* what the highest sample of the window may become */
    double speed_db_s;
    double window_s;
} Settings;

/* Reads a configuration; what it lacks has the default. The settings are written only on success. */
StStatus settings_parse(StStr config, Settings *out_settings);

#endif
