/*
 * feed.h: podcasts - the enclosures of RSS and Atom.
 *
 * Not an XML parser: it finds the few elements it knows in whatever it is given, well-formed or not. There are no
 * definitions, so nothing can be expanded and nothing outside be reached.
 */
#ifndef SOURCE_HTTP_FEED_H
#define SOURCE_HTTP_FEED_H

#include "listing.h"

void feed_read(const char *text, size_t len, const char *base, Listing *out);

#endif
