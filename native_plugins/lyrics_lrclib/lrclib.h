/*
 * lrclib.h: one provider: its configuration, and what the server said last.
 */
#ifndef LYRICS_LRCLIB_H
#define LYRICS_LRCLIB_H

#include <stellatune_sdk.h>

#define BASE_URL_BYTES 512

typedef struct Settings {
    char base_url[BASE_URL_BYTES]; /* without a slash at its end */
    uint32_t timeout_ms, spacing_ms, rest_s;
} Settings;

typedef struct Lrclib {
    Settings settings;
    char *body; /* the last answer with words in it, JSON: one entry, or a list of them; NULL: none */
    size_t len;
} Lrclib;

/* Reads a configuration. INVALID_ARG for an address of nothing that we ask. */
StStatus settings_read(StStr config, Settings *out);

/* Candidates for a query, as lyrics_provider.h has both. IO, CANCELLED, INTERNAL. */
StStatus lrclib_search(Lrclib *lrclib, StStr query, StStr *out_json);

/* The words of one of them, out of the last answer or asked for again. INVALID_ARG, IO, CANCELLED, INTERNAL. */
StStatus lrclib_fetch(Lrclib *lrclib, StStr candidate, StStr *out_json);

#endif
