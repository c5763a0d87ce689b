/*
 * catalogue.h: what there is to list - the bookmarks, and what the lists behind addresses hold.
 */
#ifndef SOURCE_HTTP_CATALOGUE_H
#define SOURCE_HTTP_CATALOGUE_H

#include "listing.h"
#include "settings.h"

/* The list that was read last is kept, so that its pages belong together and its server is asked once. */
typedef struct Catalogue {
    char url[ST_HTTP_URL_BYTES]; /* empty: none is kept */
    Listing listing;
} Catalogue;

/* A page of the list at `url`, or of the bookmarks where that is empty. INVALID_ARG: it is no list. */
StStatus catalogue_page(Catalogue *catalogue, const Settings *settings, const char *url, const char *after, StStr *out_json);
void catalogue_forget(Catalogue *catalogue);

#endif
