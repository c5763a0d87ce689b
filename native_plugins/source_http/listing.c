/*
 * listing.c: keeps entries, writes pages.
 */
#include "listing.h"

#include <stellatune_tags.h>

#include "address.h"
#include "kind.h"
#include "words.h"

#define PAGE_BYTES ((size_t)512 << 10)

static char *copy(Listing *listing, const char *text) {
    size_t n = strlen(text) + 1;
    char *made = malloc(n);
    if (made) memcpy(made, text, n);
    else listing->no_memory = 1;
    return made;
}

void listing_name(Listing *listing, Entry *entry, const char *title, size_t len) {
    char text[ENTRY_TITLE_BYTES];
    char *made;
    if (words_clean(title, len, text, sizeof text) == 0) address_name(entry->url, text, sizeof text);
    made = copy(listing, text);
    if (made == NULL) return;
    free(entry->title);
    entry->title = made;
}

static int grow(Listing *listing) {
    size_t room = listing->room ? listing->room * 2 : 32;
    Entry *grown = realloc(listing->at, room * sizeof *grown);
    if (grown == NULL) {
        listing->no_memory = 1;
        return 0;
    }
    listing->at = grown;
    listing->room = room;
    return 1;
}

Entry *listing_add(Listing *listing, const char *base, const char *link, size_t link_len, const char *title, size_t title_len) {
    char url[ST_HTTP_URL_BYTES];
    Entry *entry;
    if (listing->count == MOST_ENTRIES || !address_resolve(base, link, link_len, url)) {
        listing->left_out++;
        return NULL;
    }
    if (listing->count == listing->room && !grow(listing)) return NULL;
    entry = &listing->at[listing->count];
    memset(entry, 0, sizeof *entry);
    entry->url = copy(listing, url);
    if (entry->url) listing_name(listing, entry, title, title_len);
    if (listing->no_memory) {
        free(entry->url);
        return NULL;
    }
    entry->folder = kind_is_list(url);
    listing->count++;
    return entry;
}

void listing_forget(Listing *listing) {
    for (size_t i = 0; i < listing->count; i++) {
        free(listing->at[i].url);
        free(listing->at[i].title);
    }
    free(listing->at);
    memset(listing, 0, sizeof *listing);
}

static void put_text(TagsJson *json, const char *text) { tags_put(json, text, strlen(text)); }

static void put_entry(TagsJson *json, const Entry *entry) {
    char duration[48];
    put_text(json, "{\"id\":\"");
    tags_put_escaped(json, entry->url, strlen(entry->url));
    put_text(json, "\",\"title\":\"");
    tags_put_escaped(json, entry->title, strlen(entry->title));
    put_text(json, entry->folder ? "\",\"kind\":\"folder\"" : "\",\"kind\":\"track\"");
    snprintf(duration, sizeof duration, ",\"duration_ms\":%lld", (long long)(entry->seconds * 1000));
    if (entry->seconds > 0) put_text(json, duration);
    put_text(json, "}");
}

/* The number of the first entry behind the token; -1 where it is none of ours. */
static long read_token(const char *after) {
    long index = 0;
    for (; *after; after++) {
        if (*after < '0' || *after > '9' || index > (long)MOST_ENTRIES) return -1;
        index = index * 10 + (*after - '0');
    }
    return index;
}

StStatus listing_page(const Listing *listing, const char *after, uint32_t page_items, StStr *out_json) {
    long begin = read_token(after);
    TagsJson json;
    size_t at, end;
    char next[24];
    if (begin < 0) return st_error(ST_ERROR_INVALID_ARG, "http: after must be the \"next\" of the page before");
    json = tags_begin();
    at = (size_t)begin;
    end = at + page_items < listing->count ? at + page_items : listing->count;
    tags_open(&json, "items");
    put_text(&json, "[");
    for (size_t first = at; at < end && json.len < PAGE_BYTES; at++) {
        if (at > first) put_text(&json, ",");
        put_entry(&json, &listing->at[at]);
    }
    put_text(&json, "]");
    snprintf(next, sizeof next, "%zu", at);
    if (at < listing->count) tags_text(&json, "next", next, strlen(next));
    return tags_finish(&json, out_json);
}
