/*
 * stream.c: read, seek and size of a file that is served, spoilt where that is ordered.
 */
#define _POSIX_C_SOURCE 200809L

#include "stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "order.h"

/* Strikes with the bytes as samples of one channel; a count that comes back changed is the lie of this read. */
static size_t struck(Stream *s, uint8_t *out, size_t len, size_t got) {
    uint32_t words = (uint32_t)(len / sizeof(float)), told = words;
    trigger_call(s->trigger, PHASE_READ,
                 &(Site){.samples = (float *)(void *)out, .frames = words, .channels = 1, .count = &told});
    return told == words ? got : len + (told - words);
}

static StStatus stream_read(void *handle, uint8_t *out, size_t len, size_t *out_read) {
    Stream *s = handle;
    size_t wanted = s->most && s->most < len ? s->most : len;
    ssize_t got;
    if (s->broken >= 0 && s->at + wanted > (uint64_t)s->broken) {
        if (s->at >= (uint64_t)s->broken) return st_error(ST_ERROR_IO, "fault: nothing behind byte %lld", (long long)s->broken);
        wanted = (size_t)((uint64_t)s->broken - s->at);
    }
    got = pread(s->fd, out, wanted, (off_t)s->at);
    if (got < 0) return st_error(ST_ERROR_IO, "fault: the file cannot be read");
    s->at += (uint64_t)got;
    *out_read = struck(s, out, len, (size_t)got);
    return st_ok();
}

static StStatus stream_seek(void *handle, int64_t offset, uint32_t whence, uint64_t *out_position) {
    Stream *s = handle;
    if (whence != ST_SEEK_START || offset < 0) return st_error(ST_ERROR_INVALID_ARG, "fault: no such offset");
    s->at = *out_position = (uint64_t)offset;
    trigger_call(s->trigger, PHASE_SEEK, &(Site){.landed = out_position});
    return st_ok();
}

static StStatus stream_size(void *handle, uint64_t *out_size) {
    Stream *s = handle;
    struct stat st;
    if (fstat(s->fd, &st) != 0) return st_error(ST_ERROR_IO, "fault: the file has no size");
    *out_size = (uint64_t)(st.st_size + s->lie > 0 ? st.st_size + s->lie : 0);
    return st_ok();
}

StStatus stream_open(Stream *s, Trigger *trigger, StJson path, StJson serve) {
    char name[ORDER_PATH_BYTES];
    if (!st_json_string(path, name, sizeof name, NULL)) return st_error(ST_ERROR_INVALID_ARG, "fault: path is no text");
    s->trigger = trigger;
    s->at = 0;
    s->most = (size_t)st_json_number_or(serve, "most", 0);
    s->lie = (int64_t)st_json_number_or(serve, "lie", 0);
    s->broken = (int64_t)st_json_number_or(serve, "broken", -1);
    s->fd = open(name, O_RDONLY | O_CLOEXEC);
    return s->fd < 0 ? st_error(ST_ERROR_IO, "fault: %s cannot be opened", name) : st_ok();
}

void stream_close(Stream *s) {
    if (s->fd >= 0) close(s->fd);
    s->fd = -1;
}

const StIoVTable *stream_io(void) {
    static const StIoVTable table = {.read = stream_read, .seek = stream_seek, .size = stream_size};
    return &table;
}
