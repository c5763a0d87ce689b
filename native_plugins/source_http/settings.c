/*
 * settings.c: reads a configuration; the schema has been looked at, but for what it cannot say.
 */
#include "settings.h"

static int read_ms(StJson json, const char *name, uint32_t absent, uint32_t *out) {
    double value = st_json_number_or(json, name, absent);
    if (value < 100 || value > 600000) return 0;
    *out = (uint32_t)value;
    return 1;
}

static int read_count(StJson json, const char *name, uint32_t absent, uint32_t least, uint32_t most, uint32_t *out) {
    double value = st_json_number_or(json, name, absent);
    if (value < least || value > most) return 0;
    *out = (uint32_t)value;
    return 1;
}

static int is_header_text(const char *text) {
    for (; *text; text++)
        if (*text < ' ' || *text > '~') return 0;
    return 1;
}

static StStatus check_bookmarks(const Settings *settings) {
    char url[ST_HTTP_URL_BYTES], title[ST_HTTP_URL_BYTES], shown[ST_HTTP_SHOWN_BYTES];
    StJson urls, each;
    if (!st_json_member(st_json(settings->text), "urls", &urls)) return st_ok();
    for (size_t i = 0; st_json_item(urls, i, &each); i++) {
        if (i == MOST_BOOKMARKS) return st_error(ST_ERROR_INVALID_ARG, "http: more than %d bookmarks", MOST_BOOKMARKS);
        if (!settings_bookmark(settings, i, url, title))
            return st_error(ST_ERROR_INVALID_ARG, "http: bookmark %zu is no text of less than %d bytes", i + 1, ST_HTTP_URL_BYTES);
        if (st_http_is_url(url)) continue;
        st_http_show(url, shown);
        return st_error(ST_ERROR_INVALID_ARG, "http: bookmark '%s' must begin with http:// or https://", shown);
    }
    return st_ok();
}

StStatus settings_read(StStr config, Settings *out) {
    StJson json = st_json(config), value;
    StStatus status;
    memset(out, 0, sizeof *out);
    out->verify_tls = 1;
    if (st_json_member(json, "verify_tls", &value)) st_json_bool(value, &out->verify_tls);
    strcpy(out->user_agent, "StellaTune");
    if (st_json_member(json, "user_agent", &value) &&
        (!st_json_string(value, out->user_agent, sizeof out->user_agent, NULL) || !is_header_text(out->user_agent)))
        return st_error(ST_ERROR_INVALID_ARG, "http: user_agent must be at most 200 printable ASCII characters");
    if (!read_ms(json, "connect_timeout_ms", 10000, &out->connect_timeout_ms) ||
        !read_ms(json, "stall_timeout_ms", 10000, &out->stall_timeout_ms) || !read_ms(json, "give_up_ms", 25000, &out->give_up_ms))
        return st_error(ST_ERROR_INVALID_ARG, "http: the timeouts must be 100 to 600000 ms");
    if (!read_count(json, "reconnects", 8, 0, 1000, &out->reconnects))
        return st_error(ST_ERROR_INVALID_ARG, "http: reconnects must be 0 to 1000");
    if (!read_count(json, "page_items", 200, 1, 1000, &out->page_items))
        return st_error(ST_ERROR_INVALID_ARG, "http: page_items must be 1 to 1000");
    out->text = st_str_copy(config.ptr, config.len);
    if (out->text.ptr == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for a configuration");
    status = check_bookmarks(out);
    if (status.code != ST_OK) settings_forget(out);
    return status;
}

void settings_forget(Settings *settings) {
    free((char *)settings->text.ptr);
    memset(settings, 0, sizeof *settings);
}

int settings_need_anew(const Settings *now, const Settings *wanted) {
    return now->verify_tls != wanted->verify_tls || strcmp(now->user_agent, wanted->user_agent) != 0;
}

int settings_bookmark(const Settings *settings, size_t index, char url[ST_HTTP_URL_BYTES], char title[ST_HTTP_URL_BYTES]) {
    StJson urls, each;
    char *blank;
    title[0] = '\0';
    if (!st_json_member(st_json(settings->text), "urls", &urls) || !st_json_item(urls, index, &each)) return 0;
    if (!st_json_string(each, url, ST_HTTP_URL_BYTES, NULL)) return 0;
    blank = strchr(url, ' ');
    if (blank) {
        *blank = '\0';
        blank += 1 + strspn(blank + 1, " ");
        memcpy(title, blank, strlen(blank) + 1);
    }
    return 1;
}
