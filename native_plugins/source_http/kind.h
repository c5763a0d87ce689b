/*
 * kind.h: what an address leads to - something to play, one of the lists we read, or neither.
 */
#ifndef SOURCE_HTTP_KIND_H
#define SOURCE_HTTP_KIND_H

#include "response.h"

typedef enum Kind { KIND_UNKNOWN, KIND_TRACK, KIND_M3U, KIND_PLS, KIND_FEED, KIND_PAGE } Kind;

/* By its headers, and by the extension of its address where those leave it open. */
Kind kind_of_answer(const Response *response, const char *url);

/* By its first bytes. KIND_UNKNOWN: they do not tell. */
Kind kind_of_text(const char *text, size_t len);

/* By an address alone: whether it is that of a list. */
int kind_is_list(const char *url);

#endif
