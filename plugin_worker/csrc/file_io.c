/*
 * file_io.c: read, seek, tell, size by system calls.
 */
#include "file_io.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lane.h"

/* Without a text: a plugin may hand our status on as its own, and its texts are freed by its own plugin_free. */
static StStatus failure(int32_t code) { return (StStatus){.code = code}; }

static StStatus file_read(void *handle, uint8_t *out, size_t len, size_t *out_read) {
    st_file_io *io = handle;
    st_lane *lane = st_lane_current();
    ssize_t got;
    if (lane && atomic_load_explicit(&lane->cancelled, memory_order_relaxed)) return failure(ST_ERROR_CANCELLED);
    do got = pread(io->fd, out, len, (off_t)io->position);
    while (got < 0 && errno == EINTR);
    if (got < 0) return failure(ST_ERROR_IO);
    io->position += (uint64_t)got;
    *out_read = (size_t)got;
    return (StStatus){0};
}

static StStatus file_size(void *handle, uint64_t *out_size) {
    st_file_io *io = handle;
    struct stat st;
    if (fstat(io->fd, &st) != 0) return failure(ST_ERROR_IO);
    *out_size = (uint64_t)st.st_size;
    return (StStatus){0};
}

static StStatus file_seek(void *handle, int64_t offset, uint32_t whence, uint64_t *out_position) {
    st_file_io *io = handle;
    int64_t base = 0, target;
    if (whence == ST_SEEK_CURRENT) {
        base = (int64_t)io->position;
    } else if (whence == ST_SEEK_END) {
        uint64_t size;
        StStatus status = file_size(handle, &size);
        if (status.code != ST_OK) return status;
        base = (int64_t)size;
    } else if (whence != ST_SEEK_START) {
        return failure(ST_ERROR_INVALID_ARG);
    }
    if (__builtin_add_overflow(base, offset, &target) || target < 0) return failure(ST_ERROR_INVALID_ARG);
    io->position = (uint64_t)target;
    *out_position = io->position;
    return (StStatus){0};
}

static StStatus file_tell(void *handle, uint64_t *out_position) {
    *out_position = ((st_file_io *)handle)->position;
    return (StStatus){0};
}

const StIoVTable *st_file_io_table(void) {
    static const StIoVTable table = {.read = file_read, .seek = file_seek, .tell = file_tell, .size = file_size};
    return &table;
}
