/*
 * response.c: reads headers (RFC 9110, and those of SHOUTcast and Icecast).
 */
#include "response.h"

#include <string.h>

#include "words.h"

/* Digits alone; NOT_TOLD for anything else and for what no file has. */
static uint64_t number(const char *text, size_t len) {
    uint64_t value = 0;
    if (len == 0) return NOT_TOLD;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return NOT_TOLD;
        value = value * 10 + (uint64_t)(text[i] - '0');
        if (value > MOST_FILE_BYTES) return NOT_TOLD;
    }
    return value;
}

static size_t digits(const char *text, size_t len) {
    size_t n = 0;
    while (n < len && text[n] >= '0' && text[n] <= '9') n++;
    return n;
}

/* bytes FROM-TO/TOTAL, where TOTAL may be "*". */
static void content_range(Response *response, const char *text, size_t len) {
    size_t n;
    if (!words_begin(text, len, "bytes")) return;
    text += 5, len -= 5;
    words_trim(&text, &len);
    n = digits(text, len);
    response->range_from = number(text, n);
    for (n = 0; n < len && text[n] != '/'; n++) {}
    if (n < len) response->total = number(text + n + 1, len - n - 1);
}

static void status_line(Response *response, const char *line, size_t len) {
    size_t n = 0;
    memset(response, 0, sizeof *response);
    response->begun = 1;
    response->icy = words_begin(line, len, "icy ");
    response->length = response->range_from = response->total = NOT_TOLD;
    while (n < len && line[n] != ' ') n++;
    while (n < len && line[n] == ' ') n++;
    if (digits(line + n, len - n) >= 3) response->status = (line[n] - '0') * 100 + (line[n + 1] - '0') * 10 + (line[n + 2] - '0');
}

static int is_named(const char *line, size_t len, const char *name, const char **value, size_t *value_len) {
    size_t n = strlen(name);
    if (!words_begin(line, len, name) || len <= n || line[n] != ':') return 0;
    *value = line + n + 1;
    *value_len = len - n - 1;
    words_trim(value, value_len);
    return 1;
}

static void numbers(Response *response, const char *line, size_t len) {
    const char *value;
    size_t n;
    if (is_named(line, len, "content-length", &value, &n)) {
        response->length = number(value, n);
    } else if (is_named(line, len, "content-range", &value, &n)) {
        content_range(response, value, n);
    } else if (is_named(line, len, "accept-ranges", &value, &n)) {
        response->takes_ranges = words_begin(value, n, "bytes");
    } else if (is_named(line, len, "content-encoding", &value, &n)) {
        response->encoded = n > 0 && !words_begin(value, n, "identity");
    } else if (is_named(line, len, "location", &value, &n)) {
        response->leads_on = 1;
    } else if (is_named(line, len, "retry-after", &value, &n)) {
        uint64_t seconds = number(value, n); /* a date is left out */
        response->retry_after_s = seconds == NOT_TOLD ? 0 : seconds > 86400 ? 86400 : (uint32_t)seconds;
    } else if (is_named(line, len, "icy-metaint", &value, &n)) {
        uint64_t metaint = number(value, n);
        response->metaint = metaint > (16u << 20) ? -1 : (int64_t)metaint;
    }
}

static void texts(Response *response, const char *line, size_t len) {
    const struct {
        const char *name;
        char *out;
    } kept[] = {
        {"content-type", response->content_type},
        {"etag", response->etag},
        {"last-modified", response->last_modified},
        {"icy-name", response->icy_name},
        {"icy-genre", response->icy_genre},
        {"icy-description", response->icy_description},
        {"icy-url", response->icy_url},
        {"icy-br", response->icy_bitrate},
    };
    const char *value;
    size_t n;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (is_named(line, len, kept[i].name, &value, &n)) words_clean(value, n, kept[i].out, RESPONSE_TEXT_BYTES);
}

void response_line(Response *response, const char *line, size_t len) {
    while (len && (line[len - 1] == '\r' || line[len - 1] == '\n')) len--;
    if (words_begin(line, len, "http/") || words_begin(line, len, "icy ")) {
        status_line(response, line, len);
    } else if (len == 0) {
        response->complete = response->status >= 200 && !(response->status / 100 == 3 && response->leads_on);
    } else if (!response->complete) { /* trailers say nothing that counts */
        if (words_begin(line, len, "icy-") || words_begin(line, len, "ice-")) response->icy = 1;
        numbers(response, line, len);
        texts(response, line, len);
    }
}

uint64_t response_size(const Response *response) {
    if (response->status == 206) return response->total;
    return response->length;
}

static int differ(const char *a, const char *b) { return a[0] && b[0] && strcmp(a, b) != 0; }

int response_same(const Response *a, const Response *b) {
    uint64_t size = response_size(a), other = response_size(b);
    if (size != NOT_TOLD && other != NOT_TOLD && size != other) return 0;
    /* An entity tag is the stronger word: servers behind one name may differ in the date of the same file. */
    if (a->etag[0] && b->etag[0]) return !differ(a->etag, b->etag);
    return !differ(a->last_modified, b->last_modified);
}

void response_mime(const Response *response, char out[RESPONSE_TEXT_BYTES]) {
    size_t n = strcspn(response->content_type, "; ,");
    for (size_t i = 0; i < n; i++) {
        char c = response->content_type[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    out[n] = '\0';
}
