/*
 * plugin.c: the module table of lyrics_sidecar, and its questions and configurations.
 */
#include "sidecar.h"

#include <stellatune_tags.h>

#define SCHEMA                                                                                                   \
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"                                 \
    "\"extensions\": {\"type\": \"array\", \"items\": {\"type\": \"string\", \"maxLength\": 15}, "               \
    "\"minItems\": 1, \"maxItems\": 8, \"default\": [\"lrc\", \"txt\"], \"title\": \"Endings, best first\"}, "   \
    "\"root\": {\"type\": \"string\", \"maxLength\": 4000, \"default\": \"\", "                                  \
    "\"title\": \"Folder of the words; empty: beside the track\"}}}"

static int text_member(StStr question, const char *name, char *out, size_t capacity) {
    StJson value;
    return st_json_member(st_json(question), name, &value) && st_json_string(value, out, capacity, NULL);
}

/* Candidates are objects with one member: the path of the file. */
static void put_candidate(TagsJson *list, const char *path) {
    if (list->len > 1) tags_put(list, ",", 1);
    tags_put(list, "{\"id\":\"", 7);
    tags_put_escaped(list, path, strlen(path));
    tags_put(list, "\"}", 2);
}

static StStatus search(void *handle, StStr query, StStr *out_json) {
    const Sidecar *sidecar = handle;
    char track[SIDECAR_PATH_BYTES], path[2 * SIDECAR_PATH_BYTES];
    TagsJson list = {0};
    tags_put(&list, "[", 1);
    if (text_member(query, "path", track, sizeof track) && track[0] == '/')
        for (uint32_t i = 0; i < sidecar->count; i++)
            if (sidecar_find(sidecar, track, i, path, sizeof path)) put_candidate(&list, path);
    tags_put(&list, "]", 1);
    if (list.refused) {
        free(list.text);
        return st_error(ST_ERROR_INTERNAL, "sidecar: no memory for the candidates");
    }
    *out_json = (StStr){list.text, list.len};
    return st_ok();
}

static StStatus fetch(void *handle, StStr track, StStr *out_json) {
    char path[SIDECAR_PATH_BYTES], *text;
    size_t len;
    StStatus status;
    TagsJson words;
    if (!text_member(track, "id", path, sizeof path) || !sidecar_gave(handle, path))
        return st_error(ST_ERROR_INVALID_ARG, "sidecar: this is no candidate of a search");
    status = sidecar_read(path, &text, &len);
    if (status.code != ST_OK) return status;
    words = tags_begin();
    if (len) tags_text(&words, sidecar_is(path, "lrc") ? "lrc" : "text", text, len);
    else tags_put(&words, "\"text\":\"\"", 9);
    free(text);
    return tags_finish(&words, out_json);
}

static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    Sidecar wanted;
    StStatus status = sidecar_configure(config, &wanted);
    if (status.code == ST_OK) return st_plan_hot_apply(handle, config, out_plan);
    st_plan(out_plan, ST_CONFIG_REJECT, ST_CONFIG_COST_LOW);
    out_plan->reason_utf8 = status.message;
    return st_ok();
}

static StStatus apply(void *handle, StStr config) {
    Sidecar wanted;
    StStatus status = sidecar_configure(config, &wanted);
    if (status.code == ST_OK) *(Sidecar *)handle = wanted;
    return status;
}

static const StLyricsProviderInstanceVTable LYRICS = {
    .search_json_utf8 = search,
    .fetch_json_utf8 = fetch,
    .instance = {.plan_config_update_json_utf8 = plan, .apply_config_update_json_utf8 = apply, .destroy = free},
};

static StStatus create_lyrics(StStr type_id, StStr config, StLyricsProviderInstanceRef *out) {
    Sidecar *sidecar;
    StStatus status;
    if (!st_str_equals(type_id, "sidecar"))
        return st_error(ST_ERROR_INVALID_ARG, "lyrics_sidecar has no type '%.*s'", (int)type_id.len, type_id.ptr);
    sidecar = calloc(1, sizeof *sidecar);
    if (sidecar == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for a lyrics provider");
    status = sidecar_configure(config, sidecar);
    if (status.code != ST_OK) {
        free(sidecar);
        return status;
    }
    memset(out, 0, sizeof *out);
    out->handle = sidecar;
    out->vtable = &LYRICS;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_LYRICS_PROVIDER,
    .type_id_utf8 = ST_STR("sidecar"),
    .display_name_utf8 = ST_STR("Words beside the track"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR("{\"extensions\": [\"lrc\", \"txt\"], \"root\": \"\"}"),
}};

static const char METADATA[] =
    "{\"id\": \"stellatune.lyrics.sidecar\", \"name\": \"Sidecar lyrics\", \"api_version\": 6, "
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}";

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {.major = 1}, .create_lyrics_provider_instance = create_lyrics)
