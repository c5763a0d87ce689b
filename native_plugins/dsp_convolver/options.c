/*
 * options.c: configuration text -> options.
 */
#include "options.h"

#include <stellatune_sdk.h>

/* A string is never longer than the text that stands for it. */
static StStatus read_impulse(StStr config, char **out_name) {
    StJson value;
    int given = st_json_member(st_json(config), "impulse", &value);
    size_t capacity = given ? (size_t)(value.end - value.at) + 1 : 1;
    char *name = calloc(1, capacity);
    if (name == NULL) return st_error(ST_ERROR_INTERNAL, "convolver: out of memory");
    if (given && !st_json_string(value, name, capacity, NULL)) {
        free(name);
        return st_error(ST_ERROR_INVALID_ARG, "convolver: impulse is not the name of a file");
    }
    *out_name = name;
    return st_ok();
}

StStatus options_parse(StStr config, Options *out_options) {
    Options options = {NULL, st_json_number_or(st_json(config), "gain_db", 0),
                       st_json_number_or(st_json(config), "mix", 1)};
    StStatus read;
    if (!(options.gain_db >= -60 && options.gain_db <= 20))
        return st_error(ST_ERROR_INVALID_ARG, "convolver: gain_db is %g, choose -60 to 20", options.gain_db);
    if (!(options.mix >= 0 && options.mix <= 1))
        return st_error(ST_ERROR_INVALID_ARG, "convolver: mix is %g, choose 0 to 1", options.mix);
    read = read_impulse(config, &options.impulse);
    if (read.code == ST_OK) *out_options = options;
    return read;
}

void options_clear(Options *options) {
    free(options->impulse);
    options->impulse = NULL;
}
