/*
 * kind.c: MIME types, extensions and first bytes.
 */
#include "kind.h"

#include "address.h"
#include "words.h"

static const struct {
    const char *name;
    Kind kind;
} TYPES[] = {
    {"audio/x-mpegurl", KIND_M3U},           {"audio/mpegurl", KIND_M3U},        {"application/x-mpegurl", KIND_M3U},
    {"application/vnd.apple.mpegurl", KIND_M3U}, {"application/mpegurl", KIND_M3U}, {"audio/x-scpls", KIND_PLS},
    {"audio/scpls", KIND_PLS},               {"application/pls+xml", KIND_PLS},  {"application/rss+xml", KIND_FEED},
    {"application/atom+xml", KIND_FEED},     {"application/xml", KIND_FEED},     {"text/xml", KIND_FEED},
    {"text/html", KIND_PAGE},                {"application/xhtml+xml", KIND_PAGE}, {"application/json", KIND_PAGE},
    {"application/ogg", KIND_TRACK},
}, EXTENSIONS[] = {
    {"m3u", KIND_M3U}, {"m3u8", KIND_M3U}, {"pls", KIND_PLS}, {"rss", KIND_FEED}, {"atom", KIND_FEED}, {"xml", KIND_FEED},
};

static Kind of_extension(const char *url) {
    char extension[EXTENSION_BYTES];
    address_extension(url, extension);
    for (size_t i = 0; i < sizeof EXTENSIONS / sizeof EXTENSIONS[0]; i++)
        if (strcmp(EXTENSIONS[i].name, extension) == 0) return EXTENSIONS[i].kind;
    return KIND_UNKNOWN;
}

Kind kind_of_answer(const Response *response, const char *url) {
    char mime[RESPONSE_TEXT_BYTES];
    response_mime(response, mime);
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (strcmp(TYPES[i].name, mime) == 0) return TYPES[i].kind;
    if (response->icy || strncmp(mime, "audio/", 6) == 0 || strncmp(mime, "video/", 6) == 0) return KIND_TRACK;
    return of_extension(url);
}

int kind_is_list(const char *url) { return of_extension(url) != KIND_UNKNOWN; }

Kind kind_of_text(const char *text, size_t len) {
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3, len -= 3;
    words_trim(&text, &len);
    if (words_begin(text, len, "#extm3u") || words_begin(text, len, "#extinf")) return KIND_M3U;
    if (words_begin(text, len, "[playlist]")) return KIND_PLS;
    if (words_begin(text, len, "<!doctype html") || words_begin(text, len, "<html")) return KIND_PAGE;
    if (len == 0 || text[0] != '<') return KIND_UNKNOWN;
    for (size_t at = 0; at < len && at < 4096; at++) {
        if (words_begin(text + at, len - at, "<rss") || words_begin(text + at, len - at, "<feed") ||
            words_begin(text + at, len - at, "<rdf:rdf"))
            return KIND_FEED;
        if (words_begin(text + at, len - at, "<html")) return KIND_PAGE;
    }
    return KIND_UNKNOWN;
}
