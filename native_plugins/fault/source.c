/*
 * source.c: a catalogue of one track, which tells how often it was asked and configured; and faults.
 *
 * The track is the local file that the configuration names as "path"; without one it cannot be opened.
 */
#include "conduct.h"
#include "types.h"

#define PHASES (PHASE_BIT(PHASE_LIST) | PHASE_BIT(PHASE_OPEN) | STATE_PHASES)

typedef struct Source {
    Conduct conduct;
    uint64_t asked;
    StStr path; /* as it stands in the configuration, quotes and all; empty: none */
} Source;

static StStatus take_path(Source *source, StStr config) {
    StJson path;
    StStr taken = {NULL, 0};
    if (st_json_member(st_json(config), "path", &path)) {
        taken = st_str_copy(path.at, (size_t)(path.end - path.at));
        if (taken.len == 0) return st_error(ST_ERROR_INTERNAL, "fault: out of memory");
    }
    free((void *)source->path.ptr);
    source->path = taken;
    return st_ok();
}

static StStatus list_items(void *handle, StStr request, StStr *out_json) {
    Source *source = handle;
    char page[256];
    int len;
    (void)request;
    source->asked++;
    len = snprintf(page, sizeof page,
                   "{\"items\": [{\"id\": \"fault\", \"title\": \"The only track\", \"kind\": \"track\", \"asked\": %llu, "
                   "\"applied\": %llu}], \"next\": null}",
                   (unsigned long long)source->asked, (unsigned long long)source->conduct.applied);
    *out_json = st_str_copy(page, (size_t)len);
    trigger_call(&source->conduct.trigger, PHASE_LIST, NULL);
    return st_ok();
}

static StStatus open_stream(void *handle, StStr track, const StIoVTable **out_io, void **out_stream, StStr *out_meta) {
    Source *source = handle;
    char meta[ORDER_PATH_BYTES + 32];
    int len;
    (void)track, (void)out_io, (void)out_stream;
    trigger_call(&source->conduct.trigger, PHASE_OPEN, NULL);
    if (source->path.len == 0) return st_error(ST_ERROR_INVALID_ARG, "fault: the configuration names no path");
    len = snprintf(meta, sizeof meta, "{\"path\": %.*s}", (int)source->path.len, source->path.ptr);
    if (len < 0 || (size_t)len >= sizeof meta) return st_error(ST_ERROR_INVALID_ARG, "fault: the path is too long");
    *out_meta = st_str_copy(meta, (size_t)len);
    return st_ok();
}

/* No stream is ever given. */
static void close_stream(void *handle, void *stream) { (void)handle, (void)stream; }

static StStatus apply(void *handle, StStr config) {
    StStatus status = conduct_apply(handle, config);
    return status.code == ST_OK ? take_path(handle, config) : status;
}

static void destroy(void *handle) {
    free((void *)((Source *)handle)->path.ptr);
    conduct_destroy(handle);
}

static const StSourceCatalogInstanceVTable VTABLE = {
    .list_items_json_utf8 = list_items,
    .open_stream = open_stream,
    .close_stream = close_stream,
    .instance = {.plan_config_update_json_utf8 = conduct_plan,
                 .apply_config_update_json_utf8 = apply,
                 .export_state_json_utf8 = conduct_export,
                 .import_state_json_utf8 = conduct_import,
                 .destroy = destroy},
};

StStatus create_source(StStr type_id, StStr config, StSourceCatalogInstanceRef *out_instance) {
    Source *source;
    StStatus set;
    if (!st_str_equals(type_id, "fault")) return st_error(ST_ERROR_INVALID_ARG, "fault: no such source type here");
    source = calloc(1, sizeof *source);
    if (source == NULL) return st_error(ST_ERROR_INTERNAL, "fault: out of memory");
    set = conduct_begin(&source->conduct, config, PHASES);
    if (set.code == ST_OK) set = take_path(source, config);
    if (set.code != ST_OK) {
        free(source);
        return set;
    }
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = source;
    out_instance->vtable = &VTABLE;
    trigger_call(&source->conduct.trigger, PHASE_CREATE, NULL);
    return set;
}
