/*
 * A source that serves the bytes of a local file through a stream of its own.
 *
 * Its configuration: {"path": "/a/file", "seeks": 1, "sized": 1, "chunk": 0, "pause_us": 0, "fail_at": -1, "hang_at": -1,
 * "lie": 0}. `chunk`: a read gives at most so many bytes; `pause_us`: and takes so long. At `fail_at` reads
 * fail, at `hang_at` they wait until the call is cancelled. `lie`: so much more than the truth it says the size is.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <stellatune_sdk.h>

typedef struct Served {
    char path[4096];
    int seeks, sized, fd;
    int64_t chunk, pause_us, fail_at, hang_at, lie;
    int64_t at;
} Served;

static void nap(int64_t us) {
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

static StStatus stream_read(void *io, uint8_t *out, size_t len, size_t *out_read) {
    Served *s = io;
    ssize_t got;
    if (s->chunk > 0 && (int64_t)len > s->chunk) len = (size_t)s->chunk;
    if (s->fail_at >= 0 && s->at < s->fail_at && s->at + (int64_t)len > s->fail_at) len = (size_t)(s->fail_at - s->at);
    if (s->hang_at >= 0 && s->at < s->hang_at && s->at + (int64_t)len > s->hang_at) len = (size_t)(s->hang_at - s->at);
    if (s->at == s->fail_at) return st_error(ST_ERROR_IO, "served: nothing behind byte %lld", (long long)s->fail_at);
    while (s->at == s->hang_at) {
        if (st_cancelled()) return (StStatus){.code = ST_ERROR_CANCELLED};
        nap(1000);
    }
    if (s->pause_us) nap(s->pause_us);
    got = pread(s->fd, out, len, s->at);
    if (got < 0) return st_error(ST_ERROR_IO, "served: the file cannot be read");
    s->at += got;
    *out_read = (size_t)got;
    return st_ok();
}

static StStatus stream_size(void *io, uint64_t *out_size) {
    Served *s = io;
    struct stat st;
    if (!s->sized) return (StStatus){.code = ST_ERROR_UNSUPPORTED};
    if (fstat(s->fd, &st) != 0) return st_error(ST_ERROR_IO, "served: no size");
    *out_size = (uint64_t)(st.st_size + s->lie);
    return st_ok();
}

static StStatus stream_seek(void *io, int64_t offset, uint32_t whence, uint64_t *out_position) {
    Served *s = io;
    if (whence != ST_SEEK_START) return (StStatus){.code = ST_ERROR_INVALID_ARG};
    s->at = offset;
    *out_position = (uint64_t)offset;
    return st_ok();
}

static const StIoVTable SEEKING = {.read = stream_read, .seek = stream_seek, .size = stream_size};
static const StIoVTable STRAIGHT = {.read = stream_read, .size = stream_size};

static StStatus list_items(void *handle, StStr request, StStr *out) {
    StJson path;
    (void)handle;
    if (st_json_member(st_json(request), "path", &path)) return st_error(ST_ERROR_INVALID_ARG, "served: no folder");
    *out = st_str_copy("{\"items\": []}", 13);
    return st_ok();
}

static StStatus open_stream(void *handle, StStr track, const StIoVTable **out_io, void **out_stream, StStr *out_meta) {
    Served *s = handle;
    (void)track;
    s->fd = open(s->path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0) return st_error(ST_ERROR_IO, "served: no such file");
    s->at = 0;
    *out_io = s->seeks ? &SEEKING : &STRAIGHT;
    *out_stream = s;
    *out_meta = st_str_copy("{\"title\": \"served\"}", 19);
    return st_ok();
}

static void close_stream(void *handle, void *stream) {
    Served *s = handle;
    (void)stream;
    close(s->fd);
    s->fd = -1;
}

static void destroy(void *handle) { free(handle); }

static const StSourceCatalogInstanceVTable VTABLE = {
    .list_items_json_utf8 = list_items,
    .open_stream = open_stream,
    .close_stream = close_stream,
    .instance = {.destroy = destroy},
};

static StStatus create(StStr type_id, StStr config, StSourceCatalogInstanceRef *out) {
    StJson c = st_json(config), path;
    size_t len;
    Served *s = calloc(1, sizeof *s);
    (void)type_id;
    if (s == NULL) return st_error(ST_ERROR_INTERNAL, "served: out of memory");
    s->fd = -1;
    s->seeks = st_json_number_or(c, "seeks", 1) != 0;
    s->sized = st_json_number_or(c, "sized", 1) != 0;
    s->chunk = (int64_t)st_json_number_or(c, "chunk", 0);
    s->pause_us = (int64_t)st_json_number_or(c, "pause_us", 0);
    s->fail_at = (int64_t)st_json_number_or(c, "fail_at", -1);
    s->hang_at = (int64_t)st_json_number_or(c, "hang_at", -1);
    s->lie = (int64_t)st_json_number_or(c, "lie", 0);
    if (!st_json_member(c, "path", &path) || !st_json_string(path, s->path, sizeof s->path, &len)) {
        free(s);
        return st_error(ST_ERROR_INVALID_ARG, "served: no path");
    }
    memset(out, 0, sizeof *out);
    out->handle = s;
    out->vtable = &VTABLE;
    return st_ok();
}

static StStr metadata_json(void) {
    return st_str("{\"id\": \"test.source.served\", \"name\": \"Served\", \"api_version\": 6, "
                  "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}}");
}

static size_t capability_count(void) { return 1; }

static const StCapabilityDescriptor *capability_get(size_t index) {
    static const StCapabilityDescriptor served = {
        .kind = ST_CAPABILITY_SOURCE_CATALOG,
        .type_id_utf8 = ST_STR("served"),
        .display_name_utf8 = ST_STR("Served"),
        .config_schema_json_utf8 = ST_STR("{\"type\": \"object\"}"),
        .default_config_json_utf8 = ST_STR("{}"),
    };
    return index == 0 ? &served : NULL;
}

static const StPluginModule module = {
    .api_version = STELLATUNE_API_VERSION,
    .plugin_version = {1, 0, 0, 0},
    .plugin_free = st_plugin_free,
    .metadata_json_utf8 = metadata_json,
    .capability_count = capability_count,
    .capability_get = capability_get,
    .create_source_catalog_instance = create,
};

ST_EXPORT_PLUGIN(module)
