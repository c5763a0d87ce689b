/*
 * stream_io.c: read, seek, tell, size over the reader's end of a byte stream.
 */
#include "stream_io.h"

#include "lane.h"
#include "wake.h"

#define SLICE_NS 20000000ll

/* Without a text: a plugin may hand our status on as its own, and its texts are freed by its own plugin_free. */
static StStatus failure(int32_t code) { return (StStatus){.code = code}; }

static StStatus in_trouble(st_stream_io *io, st_stream_trouble trouble) {
    io->trouble = trouble;
    return failure(trouble == ST_TROUBLE_CUT ? ST_ERROR_CANCELLED : ST_ERROR_IO);
}

/* A pump that is called out ends at its next boundary anyhow, and its decoder stays whole if it need not wait. */
static int is_cancelled(const st_lane *lane) {
    return atomic_load_explicit(&lane->cancelled, memory_order_acquire) &&
           !atomic_load_explicit(&lane->interrupt, memory_order_relaxed);
}

/* Sleeps for a slice at most; ST_TROUBLE_NONE when it is worth to look again. */
static st_stream_trouble wait_a_slice(st_stream_io *io, st_lane *lane, size_t wanted, int64_t *deadline_ns) {
    uint32_t quarter = io->stream.format.capacity_bytes / 4, bytes = wanted < quarter ? (uint32_t)wanted : quarter;
    int64_t now_ns = st_now_ns();
    if (*deadline_ns == 0) *deadline_ns = now_ns + io->wait_ns;
    if (atomic_load_explicit(&lane->interrupt, memory_order_relaxed)) return ST_TROUBLE_CUT;
    if (now_ns >= *deadline_ns) return ST_TROUBLE_LATE;
    st_lane_still_waits(lane);
    st_stream_wait(&io->stream, bytes, &lane->interrupt,
                   *deadline_ns - now_ns < SLICE_NS ? *deadline_ns : now_ns + SLICE_NS);
    return ST_TROUBLE_NONE;
}

/* Nothing is at the cursor that this epoch has: asks for it, unless it lies behind the end. 0 when it does. */
static int ask(st_stream_io *io) {
    if (io->stream.cursor >= io->stream.format.size_bytes) return 0;
    st_stream_ask(&io->stream);
    return 1;
}

static StStatus stream_read(void *handle, uint8_t *out, size_t len, size_t *out_read) {
    st_stream_io *io = handle;
    st_stream *s = &io->stream;
    st_lane *lane = st_lane_current();
    uint64_t start = s->cursor;
    int64_t deadline_ns = 0;
    size_t done = 0;
    st_stream_trouble trouble = ST_TROUBLE_NONE;
    int over = 0;
    if (lane == NULL) return failure(ST_ERROR_IO);
    while (done < len && !over && !trouble) {
        uint32_t have = 0, part;
        if (is_cancelled(lane)) {
            trouble = ST_TROUBLE_CUT;
            break;
        }
        switch (st_stream_look(s, &have)) {
        case ST_STREAM_OK:
            part = have < len - done ? have : (uint32_t)(len - done);
            st_stream_take(s, out + done, part);
            done += part;
            deadline_ns = 0;
            break;
        case ST_STREAM_ENDED: over = 1; break;
        case ST_STREAM_AWAY:
            if (s->format.seeks) over = !ask(io);
            else trouble = ST_TROUBLE_IMPOSSIBLE;
            break;
        case ST_STREAM_EMPTY:
            if (done && s->format.size_bytes == ST_STREAM_UNKNOWN) over = 1;
            else trouble = wait_a_slice(io, lane, len - done, &deadline_ns);
            break;
        case ST_STREAM_FAILED:
            over = done > 0; /* the good bytes first; the next read says it */
            if (!over) trouble = ST_TROUBLE_SOURCE;
            break;
        default: trouble = ST_TROUBLE_IMPOSSIBLE;
        }
    }
    if (trouble) {
        if (s->format.seeks) s->cursor = start;
        return in_trouble(io, trouble);
    }
    *out_read = done;
    return (StStatus){0};
}

static StStatus stream_size(void *handle, uint64_t *out_size) {
    const st_stream_io *io = handle;
    if (io->stream.format.size_bytes == ST_STREAM_UNKNOWN) return failure(ST_ERROR_UNSUPPORTED);
    *out_size = io->stream.format.size_bytes;
    return (StStatus){0};
}

/* Nobody is asked before a read wants a byte that is not there. */
static StStatus stream_seek(void *handle, int64_t offset, uint32_t whence, uint64_t *out_position) {
    st_stream_io *io = handle;
    int64_t base = 0, target;
    if (whence == ST_SEEK_CURRENT) {
        base = (int64_t)io->stream.cursor;
    } else if (whence == ST_SEEK_END) {
        uint64_t size;
        StStatus status = stream_size(handle, &size);
        if (status.code != ST_OK) return status;
        base = (int64_t)size;
    } else if (whence != ST_SEEK_START) {
        return failure(ST_ERROR_INVALID_ARG);
    }
    if (__builtin_add_overflow(base, offset, &target) || target < 0 || (uint64_t)target > ST_STREAM_MAX_POSITION)
        return failure(ST_ERROR_INVALID_ARG);
    io->stream.cursor = (uint64_t)target;
    *out_position = io->stream.cursor;
    return (StStatus){0};
}

static StStatus stream_tell(void *handle, uint64_t *out_position) {
    *out_position = ((st_stream_io *)handle)->stream.cursor;
    return (StStatus){0};
}

const StIoVTable *st_stream_io_table(const st_stream_io *io) {
    static const StIoVTable seeking = {
        .read = stream_read, .seek = stream_seek, .tell = stream_tell, .size = stream_size};
    static const StIoVTable straight = {.read = stream_read, .tell = stream_tell, .size = stream_size};
    return io->stream.format.seeks ? &seeking : &straight;
}
