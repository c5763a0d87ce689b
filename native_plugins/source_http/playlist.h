/*
 * playlist.h: M3U and PLS, as stations and people write them.
 */
#ifndef SOURCE_HTTP_PLAYLIST_H
#define SOURCE_HTTP_PLAYLIST_H

#include "listing.h"

/* UNSUPPORTED for the segments of an HLS stream, which are no list of tracks. */
StStatus playlist_read_m3u(const char *text, size_t len, const char *base, Listing *out);
StStatus playlist_read_pls(const char *text, size_t len, const char *base, Listing *out);

#endif
