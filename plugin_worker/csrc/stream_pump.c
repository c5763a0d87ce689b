/*
 * stream_pump.c: a source's io -> scratch -> byte stream.
 */
#include "pump.h"
#include "wake.h"

/* The reader gets to know what the pump stopped for; the words of an impossible reader are left as they are. */
static int stop_failing(st_feed *f, st_stop *stop) {
    if (stop->reason == ST_STOP_PLUGIN_ERROR || stop->reason == ST_STOP_CONTRACT) {
        f->failed = 1;
        st_stream_fail(&f->stream, ST_ERROR_IO);
    }
    return 1;
}

/* A status that is no success. 0 when the call was only to give up, and the pump goes on with what it was called for. */
static int refused(st_lane *lane, st_feed *f, StStatus status, st_stop *stop) {
    if (status.code == ST_ERROR_CANCELLED) {
        if (st_interrupted(lane, stop)) return st_status_free(lane, status), 1;
        if (st_stream_is_asked(&f->stream)) return st_status_free(lane, status), 0;
    }
    st_stop_for_status(lane, stop, status);
    return stop_failing(f, stop);
}

/* Moves the plugin's io to where the stream is written; 1 when the pump must stop. */
static int seek_source(st_lane *lane, st_feed *f, st_stop *stop) {
    uint64_t landed = ST_STREAM_UNKNOWN;
    StStatus status;
    f->io_pos = ST_STREAM_UNKNOWN;
    st_call_mark(lane, ST_CALL_STREAM_SEEK);
    status = f->io->seek(f->handle, (int64_t)f->stream.own_pos, ST_SEEK_START, &landed);
    st_call_end(lane);
    if (status.code != ST_OK) return refused(lane, f, status, stop);
    st_status_free(lane, status);
    if (landed != f->stream.own_pos) {
        st_stop_contract(stop, "seek of the stream says that it stands somewhere else");
        return stop_failing(f, stop);
    }
    f->io_pos = landed;
    return 0;
}

/* Bytes that the stream holds already, and that a source which cannot seek has to give again. */
static uint64_t known_ahead(const st_feed *f) {
    return !f->stream.format.seeks && f->io_pos < f->stream.own_pos ? f->stream.own_pos - f->io_pos : 0;
}

/* One read of the plugin, put into the stream unless it is known there; 1 when the pump must stop. */
static int read_source(st_lane *lane, st_feed *f, st_stop *stop) {
    uint8_t *bytes = (uint8_t *)(void *)f->scratch.samples;
    uint64_t known = known_ahead(f);
    size_t wanted = known && known < f->chunk_bytes ? (size_t)known : f->chunk_bytes, got = 0;
    StStatus status;
    st_lane_status *s = lane->status;
    st_call_mark(lane, ST_CALL_STREAM_READ);
    status = f->io->read(f->handle, bytes, wanted, &got);
    st_call_end(lane);
    if (status.code != ST_OK) {
        if (f->stream.format.seeks) f->io_pos = ST_STREAM_UNKNOWN; /* a read that gave up may have moved it */
        return refused(lane, f, status, stop);
    }
    st_status_free(lane, status);
    if (got > wanted) {
        st_stop_contract(stop, "read of the stream says that it gave more bytes than it was asked for");
        return stop_failing(f, stop);
    }
    if (got == 0 && known) {
        st_stop_failed(stop, ST_ERROR_IO, "the stream ends before the place to which it was read: it has changed");
        return stop_failing(f, stop);
    }
    if (got == 0) return st_stream_end(&f->stream), 0;
    if (!known) st_stream_put(&f->stream, bytes, (uint32_t)got);
    f->io_pos += got;
    atomic_store_explicit(&s->blocks, atomic_load_explicit(&s->blocks, memory_order_relaxed) + 1, memory_order_relaxed);
    return 0;
}

/* Until the reader has made room for some chunks, or asks, or a command comes; at the end, or after a failure, until one of
   the latter. 1 when the pump must stop. */
static int sleep_full(st_lane *lane, st_feed *f, st_stop *stop) {
    uint32_t quarter = f->stream.format.capacity_bytes / 4, bytes = quarter > f->chunk_bytes ? quarter : f->chunk_bytes;
    /* Room is of no use then. */
    if (f->stream.ended || f->failed) bytes = UINT32_MAX;
    if (st_stream_wait(&f->stream, bytes, &lane->interrupt, st_now_ns() + ST_PUMP_WAIT_NS) != ST_STREAM_IMPOSSIBLE)
        return 0;
    st_stop_for(stop, ST_STOP_RING);
    return 1;
}

static void fill(st_lane *lane, st_feed *f, st_stop *stop) {
    for (;;) {
        uint32_t room = 0;
        st_stream_result result;
        if (st_interrupted(lane, stop)) return;
        result = st_stream_room(&f->stream, &room);
        if (result == ST_STREAM_ASKED) {
            result = st_stream_answer(&f->stream);
            f->failed = 0;
        } else if (result == ST_STREAM_OK && (f->stream.ended || f->failed || (room < f->chunk_bytes && !known_ahead(f)))) {
            if (sleep_full(lane, f, stop)) return;
            continue;
        } else if (result == ST_STREAM_OK) {
            int moved = f->io_pos == f->stream.own_pos || !f->stream.format.seeks;
            if (moved ? read_source(lane, f, stop) : seek_source(lane, f, stop)) return;
            continue;
        }
        if (result != ST_STREAM_OK) {
            st_stop_for(stop, ST_STOP_RING);
            return;
        }
    }
}

void st_feed_pump(st_lane *lane, st_feed *f, st_stop *stop) {
    if (st_pump_barred(lane, stop)) return;
    lane->fills = &f->stream;
    fill(lane, f, stop);
    lane->fills = NULL;
}
