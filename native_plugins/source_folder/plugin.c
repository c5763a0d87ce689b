/*
 * plugin.c: the module table of source_folder, and its questions and configurations.
 */
#include "folder.h"
#include "page.h"

#include <stellatune_tags.h>

#define SCHEMA                                                                                                   \
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"                                 \
    "\"root\": {\"type\": \"string\", \"maxLength\": 4000, \"default\": \"\", \"title\": \"Folder, as an absolute path\"}, " \
    "\"hidden\": {\"type\": \"boolean\", \"default\": false, \"title\": \"List names that begin with a dot\"}, " \
    "\"page_items\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 1000, \"default\": 200, "              \
    "\"title\": \"Items on a page\"}}}"

/* A member of a question as text; an empty one where it is absent. 0 when it is no such text. */
static int text_member(StStr question, const char *name, char *out, size_t capacity) {
    StJson value;
    out[0] = '\0';
    if (!st_json_member(st_json(question), name, &value)) return 1;
    return (st_json_string(value, out, capacity, NULL)) || (value.end - value.at == 4 && memcmp(value.at, "null", 4) == 0);
}

static StStatus list_items(void *handle, StStr request, StStr *out_json) {
    char path[FOLDER_PATH_BYTES], after[FOLDER_PATH_BYTES];
    StJson search;
    if (st_json_member(st_json(request), "search", &search))
        return st_error(ST_ERROR_UNSUPPORTED, "folder: a folder cannot be searched");
    if (!text_member(request, "path", path, sizeof path) || !text_member(request, "after", after, sizeof after))
        return st_error(ST_ERROR_INVALID_ARG, "folder: path and after are texts of less than %d bytes", FOLDER_PATH_BYTES);
    return page_write(handle, path, after, out_json);
}

static StStatus open_stream(void *handle, StStr track, const StIoVTable **out_io, void **out_stream, StStr *out_meta) {
    const Folder *folder = handle;
    char id[FOLDER_PATH_BYTES], path[2 * FOLDER_PATH_BYTES];
    StStatus status;
    TagsJson meta;
    (void)out_io, (void)out_stream;
    if (!text_member(track, "id", id, sizeof id) || id[0] == '\0')
        return st_error(ST_ERROR_INVALID_ARG, "folder: the track has no id");
    status = folder_has_file(folder, id);
    if (status.code != ST_OK) return status;
    snprintf(path, sizeof path, "%s/%s", folder->root, id);
    meta = tags_begin();
    tags_text(&meta, "path", path, strlen(path));
    return tags_finish(&meta, out_meta);
}

/* No stream is ever given: the host reads the files. */
static void close_stream(void *handle, void *stream) { (void)handle, (void)stream; }

static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    const Folder *folder = handle;
    Folder wanted;
    StStatus status = folder_configure(config, &wanted);
    if (status.code == ST_OK)
        return strcmp(folder->root, wanted.root) == 0 ? st_plan_hot_apply(handle, config, out_plan)
                                                      : st_plan_recreate(handle, config, out_plan);
    st_plan(out_plan, ST_CONFIG_REJECT, ST_CONFIG_COST_LOW);
    out_plan->reason_utf8 = status.message;
    return st_ok();
}

static StStatus apply(void *handle, StStr config) {
    Folder wanted;
    StStatus status = folder_configure(config, &wanted);
    if (status.code == ST_OK) *(Folder *)handle = wanted;
    return status;
}

static const StSourceCatalogInstanceVTable SOURCE = {
    .list_items_json_utf8 = list_items,
    .open_stream = open_stream,
    .close_stream = close_stream,
    .instance = {.plan_config_update_json_utf8 = plan, .apply_config_update_json_utf8 = apply, .destroy = free},
};

static StStatus create_source(StStr type_id, StStr config, StSourceCatalogInstanceRef *out) {
    Folder *folder;
    StStatus status;
    if (!st_str_equals(type_id, "folder"))
        return st_error(ST_ERROR_INVALID_ARG, "source_folder has no type '%.*s'", (int)type_id.len, type_id.ptr);
    folder = calloc(1, sizeof *folder);
    if (folder == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for a folder source");
    status = folder_configure(config, folder);
    if (status.code != ST_OK) {
        free(folder);
        return status;
    }
    memset(out, 0, sizeof *out);
    out->handle = folder;
    out->vtable = &SOURCE;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_SOURCE_CATALOG,
    .type_id_utf8 = ST_STR("folder"),
    .display_name_utf8 = ST_STR("Folder"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR("{\"root\": \"\", \"hidden\": false, \"page_items\": 200}"),
}};

static const char METADATA[] =
    "{\"id\": \"stellatune.source.folder\", \"name\": \"Folder source\", \"api_version\": 6, "
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}";

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {.major = 1}, .create_source_catalog_instance = create_source)
