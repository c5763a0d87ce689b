/*
 * lrclib.c: the API of lrclib.net: what is asked, and what is believed of the answers.
 *
 *     GET /api/get?track_name=&artist_name=&album_name=&duration=   one entry, or 404
 *     GET /api/search?track_name=&artist_name=                      a list of entries
 *     GET /api/get/ID                                               one entry
 */
#include "lrclib.h"

#include <math.h>

#include <stellatune_tags.h>

#include "manners.h"

#define NAME_BYTES 600
#define URL_BYTES ST_HTTP_URL_BYTES
#define MOST_ENTRIES 50
#define MOST_ID 9007199254740992.0
#define MOST_SECONDS 1e6
#define WORDS_BYTES ((size_t)1 << 20)

typedef struct Query {
    char title[NAME_BYTES], artist[NAME_BYTES], album[NAME_BYTES];
    double duration_ms; /* negative: not known */
    int many;
} Query;

static int text_member(StJson object, const char *name, char *out, size_t capacity) {
    StJson value;
    int found = st_json_member(object, name, &value) && st_json_string(value, out, capacity, NULL);
    if (!found) out[0] = '\0';
    return found && out[0] != '\0';
}

static void read_query(StStr json, Query *out) {
    StJson query = st_json(json), many;
    text_member(query, "title", out->title, sizeof out->title);
    text_member(query, "artist", out->artist, sizeof out->artist);
    text_member(query, "album", out->album, sizeof out->album);
    out->duration_ms = st_json_number_or(query, "duration_ms", -1);
    out->many = 0;
    if (st_json_member(query, "many", &many)) st_json_bool(many, &out->many);
}

/* Appends `&name=value`, escaped. A value that finds no room is left out whole. */
static void put_parameter(char *url, const char *name, const char *value) {
    size_t start = strlen(url), at = start + (size_t)snprintf(url + start, URL_BYTES - start, "&%s=", name);
    for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
        int plain = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || strchr("-._~", *p);
        if (at + 4 > URL_BYTES) {
            url[start] = '\0';
            return;
        }
        at += (size_t)snprintf(url + at, URL_BYTES - at, plain ? "%c" : "%%%02X", *p);
    }
}

static void forget(Lrclib *lrclib) {
    free(lrclib->body);
    lrclib->body = NULL;
    lrclib->len = 0;
}

/* Keeps the body of an answer; the answer is spent. */
static void keep(Lrclib *lrclib, StHttpAnswer *answer) {
    forget(lrclib);
    lrclib->body = answer->body;
    lrclib->len = answer->len;
    answer->body = NULL;
    st_http_forget(answer);
}

static StJson kept(const Lrclib *lrclib) { return st_json((StStr){lrclib->body, lrclib->len}); }

static int begins(StJson value, char c) { return value.at != NULL && value.at < value.end && *value.at == c; }

static StStatus no_sense(const Lrclib *lrclib) {
    return st_error(ST_ERROR_IO, "lrclib: %s answers what makes no sense: is it an LRCLIB server?", lrclib->settings.base_url);
}

/* One request; on success the answer is kept, unless it is 404, which `out_found` tells. */
static StStatus ask(Lrclib *lrclib, const char *url, char form, int *out_found) {
    StHttpAnswer answer;
    StStatus status = manners_get(&lrclib->settings, url, &answer);
    *out_found = 0;
    if (status.code != ST_OK) return status;
    if (answer.status == 404) {
        st_http_forget(&answer);
        return st_ok();
    }
    if (answer.status != 200) {
        status = st_http_refusal(url, answer.status);
        st_http_forget(&answer);
        return status;
    }
    keep(lrclib, &answer);
    if (!begins(kept(lrclib), form) || st_json_skip(kept(lrclib).at, kept(lrclib).end) == NULL) {
        forget(lrclib);
        return no_sense(lrclib);
    }
    *out_found = 1;
    return st_ok();
}

/* The number of an entry, a whole one; 0: it has none. */
static double id_of(StJson entry) {
    double id = st_json_number_or(entry, "id", 0);
    return id >= 1 && id <= MOST_ID && id == floor(id) ? id : 0;
}

static int is_instrumental(StJson entry) {
    StJson value;
    int yes = 0;
    return st_json_member(entry, "instrumental", &value) && st_json_bool(value, &yes) && yes;
}

/* The text of a member, to be freed; NULL where there is none, or more than anybody sings. */
static char *words_of(StJson entry, const char *name, size_t *out_len) {
    StJson value;
    char *text;
    size_t room;
    if (!st_json_member(entry, name, &value) || !begins(value, '"')) return NULL;
    room = (size_t)(value.end - value.at) + 1;
    text = room <= WORDS_BYTES ? malloc(room) : NULL;
    if (text && st_json_string(value, text, room, out_len) && *out_len > 0) return text;
    free(text);
    return NULL;
}

static int has_words(StJson entry, const char *name) {
    size_t len;
    char *text = words_of(entry, name, &len);
    free(text);
    return text != NULL;
}

static void put_text(TagsJson *list, const char *name, StJson entry, const char *member) {
    char text[NAME_BYTES];
    if (!text_member(entry, member, text, sizeof text)) return;
    tags_put(list, ",\"", 2);
    tags_put(list, name, strlen(name));
    tags_put(list, "\":\"", 3);
    tags_put_escaped(list, text, strlen(text));
    tags_put(list, "\"", 1);
}

/* An entry that names no track, or has no words and does not say that there are none, is of use to nobody. */
static void put_candidate(TagsJson *list, StJson entry) {
    char text[96], title[NAME_BYTES];
    double id = id_of(entry), seconds = st_json_number_or(entry, "duration", 0);
    int timed = has_words(entry, "syncedLyrics");
    if (id == 0 || !text_member(entry, "trackName", title, sizeof title)) return;
    if (!timed && !has_words(entry, "plainLyrics") && !is_instrumental(entry)) return;
    if (list->len > 1) tags_put(list, ",", 1);
    tags_put(list, text, (size_t)snprintf(text, sizeof text, "{\"id\":%.0f,\"timed\":%s", id, timed ? "true" : "false"));
    if (seconds > 0 && seconds < MOST_SECONDS)
        tags_put(list, text, (size_t)snprintf(text, sizeof text, ",\"duration_ms\":%.0f", seconds * 1000));
    put_text(list, "title", entry, "trackName");
    put_text(list, "artist", entry, "artistName");
    put_text(list, "album", entry, "albumName");
    tags_put(list, "}", 1);
}

static StStatus candidates(const Lrclib *lrclib, StStr *out_json) {
    TagsJson list = {0};
    StJson answer = kept(lrclib), entry;
    tags_put(&list, "[", 1);
    if (begins(answer, '{')) put_candidate(&list, answer);
    else
        for (size_t i = 0; i < MOST_ENTRIES && st_json_item(answer, i, &entry); i++) put_candidate(&list, entry);
    tags_put(&list, "]", 1);
    if (list.refused) {
        free(list.text);
        return st_error(ST_ERROR_INTERNAL, "lrclib: no memory for the candidates");
    }
    *out_json = (StStr){list.text, list.len};
    return st_ok();
}

StStatus lrclib_search(Lrclib *lrclib, StStr json, StStr *out_json) {
    char url[URL_BYTES], seconds[32];
    int found = 0;
    Query query;
    StStatus status = st_ok();
    read_query(json, &query);
    forget(lrclib);
    if (query.title[0] == '\0') return candidates(lrclib, out_json);
    if (!query.many && query.artist[0] && query.album[0] && query.duration_ms > 0) {
        snprintf(seconds, sizeof seconds, "%.0f", query.duration_ms / 1000);
        snprintf(url, sizeof url, "%s/api/get?duration=%s", lrclib->settings.base_url, seconds);
        put_parameter(url, "track_name", query.title);
        put_parameter(url, "artist_name", query.artist);
        put_parameter(url, "album_name", query.album);
        status = ask(lrclib, url, '{', &found);
    }
    if (status.code == ST_OK && !found) {
        snprintf(url, sizeof url, "%s/api/search?limit=%d", lrclib->settings.base_url, MOST_ENTRIES);
        put_parameter(url, "track_name", query.title);
        if (query.artist[0]) put_parameter(url, "artist_name", query.artist);
        status = ask(lrclib, url, '[', &found);
    }
    return status.code == ST_OK ? candidates(lrclib, out_json) : status;
}

/* The entry of that number in the last answer. */
static int find_kept(const Lrclib *lrclib, double id, StJson *out) {
    StJson answer = kept(lrclib);
    *out = answer;
    if (begins(answer, '{')) return id_of(answer) == id;
    for (size_t i = 0; i < MOST_ENTRIES && st_json_item(answer, i, out); i++)
        if (id_of(*out) == id) return 1;
    return 0;
}

StStatus lrclib_fetch(Lrclib *lrclib, StStr candidate, StStr *out_json) {
    char url[URL_BYTES];
    double id = id_of(st_json(candidate));
    const char *name = "lrc";
    char *text;
    size_t len = 0;
    int found;
    StJson entry;
    TagsJson words;
    if (id == 0) return st_error(ST_ERROR_INVALID_ARG, "lrclib: this is no candidate of a search");
    if (!find_kept(lrclib, id, &entry)) {
        snprintf(url, sizeof url, "%s/api/get/%.0f", lrclib->settings.base_url, id);
        StStatus status = ask(lrclib, url, '{', &found);
        if (status.code != ST_OK) return status;
        if (!found) return st_error(ST_ERROR_IO, "lrclib: entry %.0f is not there any more", id);
        entry = kept(lrclib);
    }
    text = words_of(entry, "syncedLyrics", &len);
    if (text == NULL) {
        name = "text";
        text = words_of(entry, "plainLyrics", &len);
    }
    if (text == NULL && !is_instrumental(entry)) return no_sense(lrclib);
    words = tags_begin();
    if (text) tags_text(&words, name, text, len);
    else tags_put(&words, "\"text\":\"\"", 9);
    free(text);
    return tags_finish(&words, out_json);
}
