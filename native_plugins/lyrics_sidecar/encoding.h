/*
 * encoding.h: text in whatever encoding people have kept it in, as UTF-8.
 */
#ifndef LYRICS_SIDECAR_ENCODING_H
#define LYRICS_SIDECAR_ENCODING_H

#include <stddef.h>

/* Whether that is no text at all: NULs without a mark that says why. */
int encoding_is_binary(const char *bytes, size_t len);

/*
 * A copy in UTF-8, without a mark for the byte order, to be freed; NULL: no memory. UTF-16 is told by its mark; what is
 * not UTF-8 either is taken for Latin-1. Halves of a pair of UTF-16 become U+FFFD.
 */
char *encoding_to_utf8(const char *bytes, size_t len, size_t *out_len);

#endif
