/*
 * listing.h: what a list holds, in its order, and pages of it.
 */
#ifndef SOURCE_HTTP_LISTING_H
#define SOURCE_HTTP_LISTING_H

#include <stellatune_http.h>

#define MOST_ENTRIES 20000u
#define ENTRY_TITLE_BYTES 512

typedef struct Entry {
    char *url;
    char *title;
    double seconds; /* 0: not told */
    int folder;
} Entry;

typedef struct Listing {
    Entry *at;
    size_t count, room;
    size_t left_out; /* what leads nowhere, or is too much */
    int no_memory;
} Listing;

/* Adds a link as it stands on the page `base`. Its title may be empty; both are cleaned here. Null: it was left out. */
Entry *listing_add(Listing *listing, const char *base, const char *link, size_t link_len, const char *title, size_t title_len);
void listing_name(Listing *listing, Entry *entry, const char *title, size_t len);
void listing_forget(Listing *listing);

/* The page behind `after`, a token of the page before or empty. The text is to be freed with st_plugin_free. */
StStatus listing_page(const Listing *listing, const char *after, uint32_t page_items, StStr *out_json);

#endif
