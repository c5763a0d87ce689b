/*
 * bands.c: configuration text -> list of bands, with the limits of the schema checked once more.
 */
#include "bands.h"

#include <stellatune_sdk.h>

static const char *const type_names[BAND_TYPE_COUNT] = {
    [BAND_PEAKING] = "peaking",   [BAND_LOW_SHELF] = "low_shelf", [BAND_HIGH_SHELF] = "high_shelf",
    [BAND_LOW_PASS] = "low_pass", [BAND_HIGH_PASS] = "high_pass", [BAND_NOTCH] = "notch",
};

static int read_type(StJson band, BandType *out) {
    StJson value;
    char name[16];
    if (!st_json_member(band, "type", &value) || !st_json_string(value, name, sizeof name, NULL)) return 0;
    for (int i = 0; i < BAND_TYPE_COUNT; i++) {
        if (strcmp(name, type_names[i]) == 0) {
            *out = (BandType)i;
            return 1;
        }
    }
    return 0;
}

static StStatus read_band(StJson json, unsigned number, Band *out) {
    if (!read_type(json, &out->type))
        return st_error(ST_ERROR_INVALID_ARG,
                        "equalizer: type of band %u is none of peaking, low_shelf, high_shelf, low_pass, high_pass, notch",
                        number);
    out->freq_hz = st_json_number_or(json, "freq_hz", 0);
    out->gain_db = st_json_number_or(json, "gain_db", 0);
    out->q = st_json_number_or(json, "q", 0.7071);
    if (!(out->freq_hz >= 1 && out->freq_hz <= 384000))
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: freq_hz of band %u is %g, choose 1 to 384000", number,
                        out->freq_hz);
    if (!(out->gain_db >= BAND_LEAST_DB && out->gain_db <= BAND_MOST_DB))
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: gain_db of band %u is %g, choose -60 to 60", number,
                        out->gain_db);
    if (!(out->q >= BAND_LEAST_Q && out->q <= BAND_MOST_Q))
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: q of band %u is %g, choose 0.01 to 100", number, out->q);
    return st_ok();
}

StStatus bands_parse(StStr config, BandList *out_list) {
    BandList list = {0};
    StJson bands, item;
    list.preamp_db = st_json_number_or(st_json(config), "preamp_db", 0);
    if (!(list.preamp_db >= BAND_LEAST_DB && list.preamp_db <= BAND_MOST_DB))
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: preamp_db is %g, choose -60 to 60", list.preamp_db);
    if (st_json_member(st_json(config), "bands", &bands)) {
        while (st_json_item(bands, list.count, &item)) {
            StStatus read;
            if (list.count == MAX_BANDS)
                return st_error(ST_ERROR_INVALID_ARG, "equalizer: more than %d bands", MAX_BANDS);
            read = read_band(item, list.count + 1, &list.bands[list.count]);
            if (read.code != ST_OK) return read;
            list.count++;
        }
    }
    *out_list = list;
    return st_ok();
}

int bands_same_shape(const BandList *a, const BandList *b) {
    if (a->count != b->count) return 0;
    for (uint32_t i = 0; i < a->count; i++)
        if (a->bands[i].type != b->bands[i].type) return 0;
    return 1;
}
