/*
 * catalogue.c: fetches a list, finds out what it is, has it read.
 */
#include "catalogue.h"

#include "connection.h"
#include "feed.h"
#include "kind.h"
#include "playlist.h"

#define MOST_LIST_BYTES ((size_t)8 << 20)
/* So much of an answer tells what it is, if anything does. */
#define TELLING_BYTES 4096

typedef struct Page {
    char *text;
    size_t len, room;
    Kind kind;
} Page;

static StStatus says(const char *url, int32_t code, const char *what) {
    char shown[ST_HTTP_SHOWN_BYTES];
    st_http_show(url, shown);
    return st_error(code, "%s: %s", shown, what);
}

static StStatus check_kind(Kind kind, const char *url) {
    if (kind == KIND_TRACK) return says(url, ST_ERROR_INVALID_ARG, "this is a track, not a list");
    if (kind == KIND_PAGE) return says(url, ST_ERROR_INVALID_ARG, "this is a web page: look there for the address of the list");
    if (kind == KIND_UNKNOWN) return says(url, ST_ERROR_INVALID_ARG, "this is no list that is known: M3U, PLS and podcasts are");
    return st_ok();
}

/* Once there is enough of it, its first bytes have the last word where the headers are vague, and where they call a feed
 * a web page, as some do. */
static StStatus find_kind(Page *page, const char *url, int whole) {
    if (page->kind != KIND_UNKNOWN && page->kind != KIND_PAGE) return check_kind(page->kind, url);
    if (page->len < TELLING_BYTES && !whole) return st_ok();
    page->kind = kind_of_text(page->text, page->len);
    return check_kind(page->kind, url);
}

static StStatus add(Page *page, Connection *connection, const char *url) {
    size_t n = connection_there(connection);
    if (n > MOST_LIST_BYTES - page->len) return says(url, ST_ERROR_IO, "the list is longer than 8 MiB");
    if (page->len + n > page->room) {
        size_t room = (page->len + n) * 2;
        char *grown = realloc(page->text, room);
        if (grown == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for a list");
        page->text = grown;
        page->room = room;
    }
    memcpy(page->text + page->len, connection->buffer + connection->at, n);
    page->len += n;
    connection->at += n;
    return st_ok();
}

static StStatus receive(Connection *connection, const Settings *settings, const char *url, Page *page) {
    const Response *response = &connection->response;
    int64_t deadline_ms = now_ms() + settings->give_up_ms;
    StStatus status = connection_begin(connection, url, 0, 0, 0, settings);
    Arrival arrival;
    if (status.code != ST_OK) return status;
    arrival = connection_await_headers(connection, settings, deadline_ms);
    if (arrival != SOME_ARRIVED) return connection_failure(connection, url, arrival);
    if (response->status != 200) return st_http_refusal(url, response->status);
    if (response->encoded) return says(url, ST_ERROR_IO, "the server packs the list although it was asked not to");
    page->kind = kind_of_answer(response, url);
    if (page->kind == KIND_TRACK) return check_kind(page->kind, url);
    while (status.code == ST_OK && (arrival = connection_await_bytes(connection, settings, deadline_ms)) == SOME_ARRIVED) {
        status = add(page, connection, url);
        if (status.code == ST_OK) status = find_kind(page, url, 0);
    }
    if (status.code != ST_OK) return status;
    return arrival == ALL_ARRIVED ? find_kind(page, url, 1) : connection_failure(connection, url, arrival);
}

static StStatus read_page(const Page *page, const char *base, Listing *out) {
    StStatus status = st_ok();
    if (page->kind == KIND_M3U) status = playlist_read_m3u(page->text, page->len, base, out);
    else if (page->kind == KIND_PLS) status = playlist_read_pls(page->text, page->len, base, out);
    else feed_read(page->text, page->len, base, out);
    if (status.code == ST_OK && out->no_memory) status = st_error(ST_ERROR_INTERNAL, "no memory for a list");
    if (status.code == ST_OK && out->left_out)
        st_log(ST_LOG_WARN, "http: %zu entries of a list lead nowhere or are too many, and are left out", out->left_out);
    return status;
}

static StStatus fetch(const Settings *settings, const char *url, Listing *out) {
    Connection *connection = malloc(sizeof *connection);
    const char *base = NULL;
    Page page = {0};
    StStatus status;
    if (connection == NULL || !connection_create(connection)) {
        free(connection);
        return st_error(ST_ERROR_INTERNAL, "no memory for a request");
    }
    status = receive(connection, settings, url, &page);
    /* Its links are relative to where it is, after redirects. */
    if (status.code == ST_OK && (curl_easy_getinfo(connection->easy, CURLINFO_EFFECTIVE_URL, &base) != CURLE_OK || base == NULL))
        base = url;
    if (status.code == ST_OK) status = read_page(&page, base, out);
    if (status.code != ST_OK) listing_forget(out);
    free(page.text);
    connection_destroy(connection);
    free(connection);
    return status;
}

static StStatus bookmarks_page(const Settings *settings, const char *after, StStr *out_json) {
    char url[ST_HTTP_URL_BYTES], title[ST_HTTP_URL_BYTES];
    Listing listing = {0};
    StStatus status;
    for (size_t i = 0; settings_bookmark(settings, i, url, title); i++) {
        Entry *entry = listing_add(&listing, url, url, strlen(url), title, strlen(title));
        if (entry) entry->folder = 1; /* nobody has asked yet: one that is a track says so when it is looked into */
    }
    status = listing.no_memory ? st_error(ST_ERROR_INTERNAL, "no memory for a list")
                               : listing_page(&listing, after, settings->page_items, out_json);
    listing_forget(&listing);
    return status;
}

StStatus catalogue_page(Catalogue *catalogue, const Settings *settings, const char *url, const char *after, StStr *out_json) {
    if (url[0] == '\0') return bookmarks_page(settings, after, out_json);
    if (!st_http_is_url(url)) return st_http_failure(url, CURLE_URL_MALFORMAT, NULL);
    if (after[0] == '\0' || strcmp(catalogue->url, url) != 0) {
        Listing listing = {0};
        StStatus status = fetch(settings, url, &listing);
        if (status.code != ST_OK) return status;
        catalogue_forget(catalogue);
        catalogue->listing = listing;
        memcpy(catalogue->url, url, strlen(url) + 1);
    }
    return listing_page(&catalogue->listing, after, settings->page_items, out_json);
}

void catalogue_forget(Catalogue *catalogue) {
    listing_forget(&catalogue->listing);
    catalogue->url[0] = '\0';
}
