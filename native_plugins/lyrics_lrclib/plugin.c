/*
 * plugin.c: the module table of lyrics_lrclib, and its configurations.
 */
#include "lrclib.h"

#include <stellatune_http.h>

#define SCHEMA                                                                                                   \
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"                                 \
    "\"base_url\": {\"type\": \"string\", \"maxLength\": 500, \"default\": \"https://lrclib.net\", "             \
    "\"title\": \"Server\"}, "                                                                                   \
    "\"timeout_ms\": {\"type\": \"integer\", \"minimum\": 100, \"maximum\": 60000, \"default\": 10000, "         \
    "\"title\": \"For one request\"}, "                                                                          \
    "\"spacing_ms\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 60000, \"default\": 300, "             \
    "\"title\": \"Between two requests at least\"}, "                                                            \
    "\"rest_s\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 86400, \"default\": 300, "                 \
    "\"title\": \"Not asked for so long after three failures\"}}}"
#define DEFAULTS "{\"base_url\": \"https://lrclib.net\", \"timeout_ms\": 10000, \"spacing_ms\": 300, \"rest_s\": 300}"

StStatus settings_read(StStr config, Settings *out) {
    StJson json = st_json(config), url;
    size_t len = 0;
    memset(out, 0, sizeof *out);
    if (!st_json_member(json, "base_url", &url) || !st_json_string(url, out->base_url, sizeof out->base_url, &len))
        return st_error(ST_ERROR_INVALID_ARG, "lrclib: base_url is missing or longer than %d bytes", BASE_URL_BYTES - 1);
    while (len > 0 && out->base_url[len - 1] == '/') out->base_url[--len] = '\0';
    if (!st_http_is_url(out->base_url) || strpbrk(out->base_url, "?#"))
        return st_error(ST_ERROR_INVALID_ARG, "lrclib: base_url is an address such as \"https://lrclib.net\"");
    out->timeout_ms = (uint32_t)st_json_number_or(json, "timeout_ms", 10000);
    out->spacing_ms = (uint32_t)st_json_number_or(json, "spacing_ms", 300);
    out->rest_s = (uint32_t)st_json_number_or(json, "rest_s", 300);
    return st_ok();
}

static StStatus search(void *handle, StStr query, StStr *out_json) { return lrclib_search(handle, query, out_json); }

static StStatus fetch(void *handle, StStr track, StStr *out_json) { return lrclib_fetch(handle, track, out_json); }

/* Another server is another provider: what the old one said is of no use. */
static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    const Lrclib *lrclib = handle;
    Settings wanted;
    StStatus status = settings_read(config, &wanted);
    if (status.code != ST_OK) {
        st_plan(out_plan, ST_CONFIG_REJECT, ST_CONFIG_COST_LOW);
        out_plan->reason_utf8 = status.message;
        return st_ok();
    }
    if (strcmp(wanted.base_url, lrclib->settings.base_url) != 0) return st_plan_recreate(handle, config, out_plan);
    return st_plan_hot_apply(handle, config, out_plan);
}

static StStatus apply(void *handle, StStr config) {
    Settings wanted;
    StStatus status = settings_read(config, &wanted);
    if (status.code == ST_OK) ((Lrclib *)handle)->settings = wanted;
    return status;
}

static void destroy(void *handle) {
    free(((Lrclib *)handle)->body);
    free(handle);
}

static const StLyricsProviderInstanceVTable LYRICS = {
    .search_json_utf8 = search,
    .fetch_json_utf8 = fetch,
    .instance = {.plan_config_update_json_utf8 = plan, .apply_config_update_json_utf8 = apply, .destroy = destroy},
};

static StStatus create_lyrics(StStr type_id, StStr config, StLyricsProviderInstanceRef *out) {
    Lrclib *lrclib;
    StStatus status;
    if (!st_str_equals(type_id, "lrclib"))
        return st_error(ST_ERROR_INVALID_ARG, "lyrics_lrclib has no type '%.*s'", (int)type_id.len, type_id.ptr);
    lrclib = calloc(1, sizeof *lrclib);
    if (lrclib == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for a lyrics provider");
    status = settings_read(config, &lrclib->settings);
    if (status.code != ST_OK) {
        free(lrclib);
        return status;
    }
    memset(out, 0, sizeof *out);
    out->handle = lrclib;
    out->vtable = &LYRICS;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_LYRICS_PROVIDER,
    .type_id_utf8 = ST_STR("lrclib"),
    .display_name_utf8 = ST_STR("LRCLIB"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULTS),
}};

static const char METADATA[] =
    "{\"id\": \"stellatune.lyrics.lrclib\", \"name\": \"LRCLIB lyrics\", \"api_version\": 6, "
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}";

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {.major = 1}, .create_lyrics_provider_instance = create_lyrics)
