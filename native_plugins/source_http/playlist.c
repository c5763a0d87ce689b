/*
 * playlist.c: line by line; what is not understood is left out.
 */
#include "playlist.h"

#include "words.h"

/* The next line, without blanks at its ends; 0 behind the last. */
static int next_line(const char **at, const char *end, const char **line, size_t *len) {
    const char *stop = *at;
    if (*at >= end) return 0;
    while (stop < end && *stop != '\n' && *stop != '\r') stop++;
    *line = *at;
    *len = (size_t)(stop - *at);
    words_trim(line, len);
    *at = stop + 1;
    return 1;
}

static const char *skip_mark(const char *text, size_t len) {
    return len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text;
}

static double read_seconds(const char *text, size_t len) {
    double seconds = 0;
    for (size_t i = 0; i < len && text[i] >= '0' && text[i] <= '9' && seconds < 1e7; i++) seconds = seconds * 10 + (text[i] - '0');
    return seconds;
}

/* #EXTINF:SECONDS key="value, value" ...,TITLE */
static void read_info(const char *line, size_t len, const char **title, size_t *title_len, double *seconds) {
    int quoted = 0;
    size_t at = strlen("#extinf:");
    *seconds = read_seconds(line + at, len - at);
    for (; at < len && (quoted || line[at] != ','); at++)
        if (line[at] == '"') quoted = !quoted;
    *title = line + (at < len ? at + 1 : len);
    *title_len = at < len ? len - at - 1 : 0;
}

StStatus playlist_read_m3u(const char *text, size_t len, const char *base, Listing *out) {
    const char *at = skip_mark(text, len), *end = text + len, *line, *title = "";
    size_t n, title_len = 0;
    double seconds = 0;
    while (next_line(&at, end, &line, &n)) {
        if (words_begin(line, n, "#ext-x-"))
            return st_error(ST_ERROR_UNSUPPORTED, "this is an HLS stream, which is not played: look for an MP3, AAC or Ogg address of it");
        if (words_begin(line, n, "#extinf:")) read_info(line, n, &title, &title_len, &seconds);
        if (n == 0 || line[0] == '#') continue;
        Entry *entry = listing_add(out, base, line, n, title, title_len);
        if (entry) entry->seconds = seconds;
        title = "";
        title_len = 0;
        seconds = 0;
    }
    return st_ok();
}

/* NAMEn=value; 0 when the line is not of that name. */
static size_t numbered(const char *line, size_t len, const char *name, const char **value, size_t *value_len) {
    size_t at = strlen(name), number = 0;
    if (!words_begin(line, len, name)) return 0;
    for (; at < len && line[at] >= '0' && line[at] <= '9' && number <= MOST_ENTRIES; at++) number = number * 10 + (size_t)(line[at] - '0');
    while (at < len && line[at] == ' ') at++;
    if (at >= len || line[at] != '=' || number > MOST_ENTRIES) return 0;
    *value = line + at + 1;
    *value_len = len - at - 1;
    words_trim(value, value_len);
    return number;
}

StStatus playlist_read_pls(const char *text, size_t len, const char *base, Listing *out) {
    const char *at = skip_mark(text, len), *end = text + len, *line, *value;
    /* Which entry has which number, plus one. */
    uint32_t *entries = calloc(MOST_ENTRIES + 1, sizeof *entries);
    size_t n, value_len, number;
    if (entries == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for a list");
    while (next_line(&at, end, &line, &n)) {
        if ((number = numbered(line, n, "file", &value, &value_len)) > 0) {
            if (listing_add(out, base, value, value_len, "", 0)) entries[number] = (uint32_t)out->count;
        } else if ((number = numbered(line, n, "title", &value, &value_len)) > 0 && entries[number]) {
            listing_name(out, &out->at[entries[number] - 1], value, value_len);
        } else if ((number = numbered(line, n, "length", &value, &value_len)) > 0 && entries[number]) {
            out->at[entries[number] - 1].seconds = read_seconds(value, value_len);
        }
    }
    free(entries);
    return st_ok();
}
