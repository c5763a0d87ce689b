/*
 * plugin.c: the module table of source_http, and its questions and configurations.
 */
#include "catalogue.h"
#include "settings.h"
#include "stream.h"
#include "words.h"

#define SCHEMA                                                                                                             \
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"                                           \
    "\"urls\": {\"type\": \"array\", \"maxItems\": 200, \"default\": [], "                                                \
    "\"title\": \"Bookmarks: addresses of stations, podcasts and lists, each with a title behind a blank\", "              \
    "\"items\": {\"type\": \"string\", \"maxLength\": 4000}}, "                                                           \
    "\"user_agent\": {\"type\": \"string\", \"maxLength\": 200, \"default\": \"StellaTune\", "                             \
    "\"title\": \"What servers are told we are\"}, "                                                                       \
    "\"connect_timeout_ms\": {\"type\": \"integer\", \"minimum\": 100, \"maximum\": 600000, \"default\": 10000, "          \
    "\"title\": \"Longest wait for a connection\"}, "                                                                      \
    "\"stall_timeout_ms\": {\"type\": \"integer\", \"minimum\": 100, \"maximum\": 600000, \"default\": 10000, "            \
    "\"title\": \"Longest wait for the next bytes; then another connection is tried\"}, "                                  \
    "\"give_up_ms\": {\"type\": \"integer\", \"minimum\": 100, \"maximum\": 600000, \"default\": 25000, "                  \
    "\"title\": \"Longest time without a byte, whatever is tried\"}, "                                                     \
    "\"reconnects\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 1000, \"default\": 8, "                          \
    "\"title\": \"Connections in a row that may bring nothing\"}, "                                                        \
    "\"verify_tls\": {\"type\": \"boolean\", \"default\": true, \"title\": \"Servers must prove who they are (https)\"}, "  \
    "\"page_items\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 1000, \"default\": 200, "                        \
    "\"title\": \"Items on a page\"}}}"
#define DEFAULTS                                                                                                           \
    "{\"urls\": [], \"user_agent\": \"StellaTune\", \"connect_timeout_ms\": 10000, \"stall_timeout_ms\": 10000, "          \
    "\"give_up_ms\": 25000, \"reconnects\": 8, \"verify_tls\": true, \"page_items\": 200}"

typedef struct HttpSource {
    Settings settings; /* streams point here: taken in place, never moved */
    Catalogue catalogue;
} HttpSource;

/* A member of a question as text; an empty one where it is absent or null. 0 when it is no such text. */
static int text_member(StStr question, const char *name, char *out, size_t capacity) {
    StJson value;
    out[0] = '\0';
    if (!st_json_member(st_json(question), name, &value)) return 1;
    return st_json_string(value, out, capacity, NULL) || (value.end - value.at == 4 && memcmp(value.at, "null", 4) == 0);
}

static StStatus list_items(void *handle, StStr request, StStr *out_json) {
    HttpSource *source = handle;
    char path[ST_HTTP_URL_BYTES], after[32];
    StJson search;
    if (st_json_member(st_json(request), "search", &search))
        return st_error(ST_ERROR_UNSUPPORTED, "http: servers cannot be searched: give an address");
    if (!text_member(request, "path", path, sizeof path) || !text_member(request, "after", after, sizeof after))
        return st_error(ST_ERROR_INVALID_ARG, "http: path is an address of less than %d bytes, after the \"next\" of a page",
                        ST_HTTP_URL_BYTES);
    return catalogue_page(&source->catalogue, &source->settings, path, after, out_json);
}

static StStatus open_stream(void *handle, StStr track, const StIoVTable **out_io, void **out_stream, StStr *out_meta) {
    const HttpSource *source = handle;
    char url[ST_HTTP_URL_BYTES], title[ST_HTTP_URL_BYTES], clean[512];
    Stream *stream;
    StStatus status;
    if (!text_member(track, "id", url, sizeof url) || !st_http_is_url(url))
        return st_error(ST_ERROR_INVALID_ARG, "http: the id of a track is an address that begins with http:// or https://");
    if (!text_member(track, "title", title, sizeof title)) title[0] = '\0';
    words_clean(title, strlen(title), clean, sizeof clean);
    status = stream_open(&source->settings, url, clean, out_io, &stream, out_meta);
    if (status.code == ST_OK) *out_stream = stream;
    return status;
}

static void close_stream(void *handle, void *stream) {
    (void)handle;
    stream_close(stream);
}

static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    const HttpSource *source = handle;
    Settings wanted;
    StStatus status = settings_read(config, &wanted);
    if (status.code == ST_OK) {
        status = settings_need_anew(&source->settings, &wanted) ? st_plan_recreate(handle, config, out_plan)
                                                                 : st_plan_hot_apply(handle, config, out_plan);
        settings_forget(&wanted);
        return status;
    }
    st_plan(out_plan, ST_CONFIG_REJECT, ST_CONFIG_COST_LOW);
    out_plan->reason_utf8 = status.message;
    return st_ok();
}

static StStatus apply(void *handle, StStr config) {
    HttpSource *source = handle;
    Settings wanted;
    StStatus status = settings_read(config, &wanted);
    if (status.code != ST_OK) return status;
    settings_forget(&source->settings);
    source->settings = wanted;
    return status;
}

static void destroy(void *handle) {
    HttpSource *source = handle;
    settings_forget(&source->settings);
    catalogue_forget(&source->catalogue);
    free(source);
}

static const StSourceCatalogInstanceVTable SOURCE = {
    .list_items_json_utf8 = list_items,
    .open_stream = open_stream,
    .close_stream = close_stream,
    .instance = {.plan_config_update_json_utf8 = plan, .apply_config_update_json_utf8 = apply, .destroy = destroy},
};

static StStatus create_source(StStr type_id, StStr config, StSourceCatalogInstanceRef *out) {
    HttpSource *source;
    StStatus status;
    if (!st_str_equals(type_id, "http"))
        return st_error(ST_ERROR_INVALID_ARG, "source_http has no type '%.*s'", (int)type_id.len, type_id.ptr);
    source = calloc(1, sizeof *source);
    if (source == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for an http source");
    status = settings_read(config, &source->settings);
    if (status.code != ST_OK) {
        free(source);
        return status;
    }
    memset(out, 0, sizeof *out);
    out->handle = source;
    out->vtable = &SOURCE;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_SOURCE_CATALOG,
    .type_id_utf8 = ST_STR("http"),
    .display_name_utf8 = ST_STR("HTTP"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULTS),
}};

static const char METADATA[] =
    "{\"id\": \"stellatune.source.http\", \"name\": \"HTTP source\", \"api_version\": 6, "
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}";

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {.major = 1}, .create_source_catalog_instance = create_source)
