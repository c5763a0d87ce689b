/*
 * manners.h: how a server that others use, too, is asked: one request at a time, not too soon after the last one, and not
 * at all for a while when it says so or has failed again and again. For all instances in this process together.
 */
#ifndef LYRICS_LRCLIB_MANNERS_H
#define LYRICS_LRCLIB_MANNERS_H

#include <stellatune_http.h>

#include "lrclib.h"

/*
 * One request; waits for its turn.
 * errors: IO when the server rests or nobody answers, CANCELLED, INTERNAL, INVALID_ARG; any HTTP status is an answer
 */
StStatus manners_get(const Settings *settings, const char *url, StHttpAnswer *out);

#endif
