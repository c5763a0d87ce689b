/*
 * lyrics.c: one candidate for a track called "fault", none for any other, and words that say how often it was asked and
 * configured; and faults.
 */
#include "conduct.h"
#include "types.h"

#define PHASES (PHASE_BIT(PHASE_SEARCH) | PHASE_BIT(PHASE_FETCH) | STATE_PHASES)

typedef struct Lyrics {
    Conduct conduct;
    uint64_t asked;
} Lyrics;

static StStr told(Lyrics *lyrics, const char *form) {
    char text[128];
    int len = snprintf(text, sizeof text, form, (unsigned long long)++lyrics->asked,
                       (unsigned long long)lyrics->conduct.applied);
    return st_str_copy(text, (size_t)len);
}

static StStatus search(void *handle, StStr query, StStr *out_json) {
    Lyrics *lyrics = handle;
    StJson title;
    char text[8];
    if (st_json_member(st_json(query), "title", &title) && st_json_string(title, text, sizeof text, NULL) &&
        strcmp(text, "fault") == 0)
        *out_json = told(lyrics, "[{\"id\": \"fault\", \"asked\": %llu, \"applied\": %llu}]");
    else
        *out_json = st_str_copy("[]", 2);
    trigger_call(&lyrics->conduct.trigger, PHASE_SEARCH, NULL);
    return st_ok();
}

static StStatus fetch(void *handle, StStr track, StStr *out_json) {
    Lyrics *lyrics = handle;
    (void)track;
    *out_json = told(lyrics, "{\"text\": \"asked %llu times, configured %llu times\"}");
    trigger_call(&lyrics->conduct.trigger, PHASE_FETCH, NULL);
    return st_ok();
}

static const StLyricsProviderInstanceVTable VTABLE = {
    .search_json_utf8 = search,
    .fetch_json_utf8 = fetch,
    .instance = CONDUCT_HOOKS,
};

StStatus create_lyrics(StStr type_id, StStr config, StLyricsProviderInstanceRef *out_instance) {
    Lyrics *lyrics;
    StStatus set;
    if (!st_str_equals(type_id, "fault")) return st_error(ST_ERROR_INVALID_ARG, "fault: no such lyrics type here");
    lyrics = calloc(1, sizeof *lyrics);
    if (lyrics == NULL) return st_error(ST_ERROR_INTERNAL, "fault: out of memory");
    set = conduct_begin(&lyrics->conduct, config, PHASES);
    if (set.code != ST_OK) {
        free(lyrics);
        return set;
    }
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = lyrics;
    out_instance->vtable = &VTABLE;
    trigger_call(&lyrics->conduct.trigger, PHASE_CREATE, NULL);
    return set;
}
