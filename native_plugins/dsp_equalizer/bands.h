/*
 * bands.h: what the user asked for - a preamplifier and a list of bands, read from the configuration.
 */
#ifndef EQUALIZER_BANDS_H
#define EQUALIZER_BANDS_H

#include <stellatune/common.h>

#define MAX_BANDS 32
#define BAND_LEAST_DB (-60.0)
#define BAND_MOST_DB 60.0
#define BAND_LEAST_Q 0.01
#define BAND_MOST_Q 100.0

typedef enum BandType {
    BAND_PEAKING,
    BAND_LOW_SHELF,
    BAND_HIGH_SHELF,
    BAND_LOW_PASS,
    BAND_HIGH_PASS,
    BAND_NOTCH,
    BAND_TYPE_COUNT
} BandType;

typedef struct Band {
    BandType type;
    double freq_hz;
    double gain_db;
    double q;
} Band;

typedef struct BandList {
    double preamp_db;
    uint32_t count;
    Band bands[MAX_BANDS];
} BandList;

/* Reads a configuration; the list is written only on success. */
StStatus bands_parse(StStr config, BandList *out_list);

/* Whether both have the same types in the same order, so that filter memory of one fits the other. */
int bands_same_shape(const BandList *a, const BandList *b);

#endif
