/*
 * words.h: texts as servers write them, made into texts for people.
 */
#ifndef SOURCE_HTTP_WORDS_H
#define SOURCE_HTTP_WORDS_H

#include <stddef.h>

/*
 * Bytes as UTF-8: taken for what they are when they are UTF-8, for Windows-1252 (and so for Latin-1) otherwise. Control
 * characters become blanks, blanks in a row become one, none is left at the ends; what does not fit is cut off between two
 * characters. How many bytes; a NUL is behind them.
 */
size_t words_clean(const char *bytes, size_t len, char *out, size_t capacity);

/* Whether `text` begins with `prefix`, in letters of any case. `prefix` is in lower case. */
int words_begin(const char *text, size_t len, const char *prefix);

/* Takes blanks off both ends. */
void words_trim(const char **text, size_t *len);

#endif
