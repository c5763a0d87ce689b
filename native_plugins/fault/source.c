/*
 * source.c: a catalogue of one track, which tells how often it was asked and configured; and faults.
 *
 * The track is the local file that the configuration names as "path"; without one it cannot be opened. With "serve", an
 * object, the source gives its bytes itself: {"most": bytes of a read, "lie": added to the size, "broken": fails from there}.
 */
#include "conduct.h"
#include "stream.h"
#include "types.h"

#define PHASES (PHASE_BIT(PHASE_LIST) | PHASE_BIT(PHASE_OPEN) | STREAM_PHASES | STATE_PHASES)

typedef struct Source {
    Conduct conduct;
    uint64_t asked;
    StStr path;  /* as it stands in the configuration, quotes and all; empty: none */
    StStr serve; /* likewise; empty: the host reads the file */
    Stream stream;
} Source;

static StStatus take_member(StStr config, const char *name, StStr *kept) {
    StJson value;
    StStr taken = {NULL, 0};
    if (st_json_member(st_json(config), name, &value)) {
        taken = st_str_copy(value.at, (size_t)(value.end - value.at));
        if (taken.len == 0) return st_error(ST_ERROR_INTERNAL, "fault: out of memory");
    }
    free((void *)kept->ptr);
    *kept = taken;
    return st_ok();
}

static StStatus take_track(Source *source, StStr config) {
    StStatus status = take_member(config, "path", &source->path);
    return status.code == ST_OK ? take_member(config, "serve", &source->serve) : status;
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
    (void)track;
    trigger_call(&source->conduct.trigger, PHASE_OPEN, NULL);
    if (source->path.len == 0) return st_error(ST_ERROR_INVALID_ARG, "fault: the configuration names no path");
    if (source->serve.len) {
        StStatus opened = stream_open(&source->stream, &source->conduct.trigger, st_json(source->path), st_json(source->serve));
        if (opened.code != ST_OK) return opened;
        *out_io = stream_io();
        *out_stream = &source->stream;
    }
    len = snprintf(meta, sizeof meta, "{\"path\": %.*s}", (int)source->path.len, source->path.ptr);
    if (len < 0 || (size_t)len >= sizeof meta) return st_error(ST_ERROR_INVALID_ARG, "fault: the path is too long");
    *out_meta = st_str_copy(meta, (size_t)len);
    return st_ok();
}

static void close_stream(void *handle, void *stream) {
    (void)handle;
    stream_close(stream);
}

static StStatus apply(void *handle, StStr config) {
    StStatus status = conduct_apply(handle, config);
    return status.code == ST_OK ? take_track(handle, config) : status;
}

static void destroy(void *handle) {
    Source *source = handle;
    stream_close(&source->stream);
    free((void *)source->path.ptr);
    free((void *)source->serve.ptr);
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
    source->stream.fd = -1;
    set = conduct_begin(&source->conduct, config, PHASES);
    if (set.code == ST_OK) set = take_track(source, config);
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
