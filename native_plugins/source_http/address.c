/*
 * address.c: URLs, taken apart by libcurl where that needs rules.
 */
#include "address.h"

#include "words.h"

static const char *path_of(const char *url, const char **end) {
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    *end = host + strcspn(host, "?#");
    while (host < *end && *host != '/') host++;
    return host;
}

static const char *last_part(const char *url, const char **end) {
    const char *path = path_of(url, end), *at;
    while (*end > path && (*end)[-1] == '/') --*end;
    for (at = *end; at > path && at[-1] != '/'; at--) {}
    return at;
}

void address_extension(const char *url, char out[EXTENSION_BYTES]) {
    const char *end, *name = last_part(url, &end), *dot = end;
    size_t n;
    out[0] = '\0';
    while (dot > name && *dot != '.') dot--;
    if (dot == name) return; /* no dot, or nothing before it */
    n = (size_t)(end - dot - 1);
    if (n == 0 || n >= EXTENSION_BYTES) return;
    for (size_t i = 0; i < n; i++) {
        char c = dot[1 + i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + 'a' - 'A');
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            out[0] = '\0';
            return;
        }
        out[i] = c;
        out[i + 1] = '\0';
    }
}

static int hex(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void address_name(const char *url, char *out, size_t capacity) {
    const char *end, *at = last_part(url, &end);
    char plain[512], shown[ST_HTTP_SHOWN_BYTES];
    size_t n = 0;
    for (; at < end && n < sizeof plain; at++) {
        int high = *at == '%' && end - at > 2 ? hex(at[1]) : -1, low = high >= 0 ? hex(at[2]) : -1;
        plain[n++] = low >= 0 ? (char)(high * 16 + low) : *at;
        if (low >= 0) at += 2;
    }
    if (words_clean(plain, n, out, capacity) > 0) return;
    st_http_show(url, shown);
    at = strstr(shown, "://");
    words_clean(at ? at + 3 : shown, strlen(at ? at + 3 : shown), out, capacity);
}

int address_resolve(const char *base, const char *link, size_t len, char out[ST_HTTP_URL_BYTES]) {
    char text[ST_HTTP_URL_BYTES], *whole = NULL;
    CURLU *url;
    int done;
    words_trim(&link, &len);
    if (len == 0 || len >= sizeof text) return 0;
    memcpy(text, link, len);
    text[len] = '\0';
    if (strlen(text) != len || (url = curl_url()) == NULL) return 0;
    done = curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK &&
           curl_url_set(url, CURLUPART_URL, text, CURLU_URLENCODE) == CURLUE_OK &&
           curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
           curl_url_get(url, CURLUPART_URL, &whole, 0) == CURLUE_OK && st_http_is_url(whole);
    if (done) memcpy(out, whole, strlen(whole) + 1);
    curl_free(whole);
    curl_url_cleanup(url);
    return done;
}

static const struct {
    const char *mime, *extension;
} KNOWN[] = {
    {"audio/mpeg", "mp3"},   {"audio/mp3", "mp3"},      {"audio/x-mp3", "mp3"},   {"audio/mpeg3", "mp3"},
    {"audio/x-mpeg", "mp3"}, {"audio/flac", "flac"},    {"audio/x-flac", "flac"}, {"audio/aac", "aac"},
    {"audio/aacp", "aac"},   {"audio/x-aac", "aac"},    {"audio/mp4", "m4a"},     {"audio/x-m4a", "m4a"},
    {"audio/m4a", "m4a"},    {"video/mp4", "m4a"},      {"audio/wav", "wav"},     {"audio/x-wav", "wav"},
    {"audio/wave", "wav"},   {"audio/vnd.wave", "wav"}, {"audio/aiff", "aiff"},   {"audio/x-aiff", "aiff"},
    {"audio/opus", "opus"},  {"audio/ogg", "ogg"},      {"application/ogg", "ogg"}, {"audio/vorbis", "ogg"},
    {"audio/webm", "webm"},  {"audio/x-ms-wma", "wma"}, {"audio/x-wavpack", "wv"}, {"audio/ape", "ape"},
};

void address_media(const char *mime, const char *content_type, const char *url, char out[EXTENSION_BYTES]) {
    const char *known = "";
    address_extension(url, out);
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
        if (strcmp(KNOWN[i].mime, mime) == 0) known = KNOWN[i].extension;
    if (known[0] == '\0') return;
    if (strcmp(known, "ogg") == 0) { /* a container for many */
        for (const char *at = content_type; *at; at++)
            if (words_begin(at, strlen(at), "opus")) known = "opus";
            else if (words_begin(at, strlen(at), "flac")) known = "oga";
        if (strcmp(known, "ogg") == 0 && (strcmp(out, "opus") == 0 || strcmp(out, "oga") == 0)) return;
    }
    memcpy(out, known, strlen(known) + 1);
}
