/*
 * sidecar.h: the text file beside a track that has its words: found by name, read whole, made UTF-8.
 */
#ifndef LYRICS_SIDECAR_H
#define LYRICS_SIDECAR_H

#include <stellatune_sdk.h>

#define SIDECAR_PATH_BYTES 4096
#define SIDECAR_TEXT_BYTES ((size_t)1 << 20)
#define MOST_EXTENSIONS 8
#define EXTENSION_BYTES 32

typedef struct Sidecar {
    char root[SIDECAR_PATH_BYTES]; /* where the words lie; empty: beside the track */
    char extensions[MOST_EXTENSIONS][EXTENSION_BYTES]; /* in order of preference */
    uint32_t count;
} Sidecar;

/* Reads a configuration. */
StStatus sidecar_configure(StStr config, Sidecar *out);

/* Whether the file name ends in this extension. */
int sidecar_is(const char *path, const char *extension);

/* Writes the path of the file with that extension for a track; 0 when there is none. */
int sidecar_find(const Sidecar *sidecar, const char *track, uint32_t extension, char *out_path, size_t capacity);

/* Whether sidecar_find may have given that path. */
int sidecar_gave(const Sidecar *sidecar, const char *path);

/* All of a file as UTF-8, to be freed. IO, or INVALID_ARG for what is no such text. */
StStatus sidecar_read(const char *path, char **out_text, size_t *out_len);

#endif
