/*
 * options.h: what the user asked for, read from the configuration.
 */
#ifndef CONVOLVER_OPTIONS_H
#define CONVOLVER_OPTIONS_H

#include <stellatune/common.h>

typedef struct Options {
    char *impulse; /* the name of a file, on the heap; empty: none */
    double gain_db;
    double mix;
} Options;

/* Reads a configuration, the limits of the schema checked once more; written only on success. */
StStatus options_parse(StStr config, Options *out_options);

/* Frees what they hold, not the options. */
void options_clear(Options *options);

#endif
