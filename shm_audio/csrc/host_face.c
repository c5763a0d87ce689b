/*
 * host_face.c: single loads of shared words into plain structs.
 */
#include "host_face.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

st_ring_result st_ring_look(const st_ring *ring, uint64_t *out_write, uint64_t *out_read, uint64_t *out_retain) {
    uint64_t retain = atomic_load_explicit(&ring->words->retain_pos, memory_order_acquire);
    uint64_t read = atomic_load_explicit(&ring->words->read_pos, memory_order_acquire);
    uint64_t write = atomic_load_explicit(&ring->words->write_pos, memory_order_acquire);
    if (retain > read || read > write) return ST_RING_IMPOSSIBLE;
    *out_retain = retain;
    *out_read = read;
    *out_write = write;
    return ST_RING_OK;
}

st_ring_result st_ring_wait_for(st_ring *ring, uint32_t frames, uint32_t *interrupt, int64_t deadline_ns) {
    return st_ring_wait(ring, frames, (const _Atomic uint32_t *)interrupt, deadline_ns);
}

void st_stream_hint_at(const st_stream *stream, st_stream_hint *out) {
    st_stream_words *w = stream->words;
    out->seek_epoch = atomic_load_explicit(&w->seek_epoch, memory_order_acquire);
    out->seek_offset = atomic_load_explicit(&w->seek_offset, memory_order_acquire);
    out->read_epoch = atomic_load_explicit(&w->read_epoch, memory_order_acquire);
    out->read_pos = atomic_load_explicit(&w->read_pos, memory_order_acquire);
    out->epoch = atomic_load_explicit(&w->epoch, memory_order_acquire);
    out->base_offset = atomic_load_explicit(&w->base_offset, memory_order_acquire);
    out->ended = atomic_load_explicit(&w->ended, memory_order_acquire);
    out->failure = atomic_load_explicit(&w->failure, memory_order_acquire);
    out->write_pos = atomic_load_explicit(&w->write_pos, memory_order_acquire);
}

st_stream_result st_stream_wait_for(st_stream *stream, uint32_t bytes, uint32_t *interrupt, int64_t deadline_ns) {
    return st_stream_wait(stream, bytes, (const _Atomic uint32_t *)interrupt, deadline_ns);
}

int st_status_format(int fd) {
    struct {
        uint64_t magic;
        uint32_t lanes;
        uint32_t reserved0;
    } head = {ST_STATUS_MAGIC, ST_STATUS_LANES, 0};
    return pwrite(fd, &head, sizeof head, 0) == (ssize_t)sizeof head ? 0 : -1;
}

void *st_status_map(int fd) {
    struct stat st;
    void *map;
    if (fstat(fd, &st) != 0) return NULL;
    if (st.st_size != (off_t)sizeof(st_status_page)) return errno = EINVAL, NULL;
    map = mmap(NULL, sizeof(st_status_page), PROT_READ, MAP_SHARED, fd, 0);
    return map == MAP_FAILED ? NULL : map;
}

void st_status_unmap(void *page) {
    if (page) munmap(page, sizeof(st_status_page));
}

uint64_t st_status_heartbeat(void *page) {
    return atomic_load_explicit(&((st_status_page *)page)->heartbeat, memory_order_relaxed);
}

int st_status_crash(void *page, st_crash_hint *out) {
    st_crash_record *crash = &((st_status_page *)page)->crash;
    uint32_t stage = atomic_load_explicit(&crash->stage, memory_order_acquire), frames = crash->frames;
    int32_t slot = crash->slot;
    if (stage == ST_CRASH_NONE) return 0;
    out->stage = stage;
    out->signal = crash->signal;
    out->si_code = crash->si_code;
    out->sender = crash->sender;
    out->slot = slot >= 0 && slot < (int32_t)ST_STATUS_LANES ? slot : -1;
    out->frames = frames <= ST_CRASH_FRAMES ? frames : ST_CRASH_FRAMES;
    out->address = crash->address;
    out->stack = crash->stack;
    memcpy(out->frame, crash->frame, sizeof out->frame);
    return 1;
}

int st_status_lane(void *page, uint32_t slot, st_lane_hint *out) {
    st_lane_status *lane;
    if (slot >= ST_STATUS_LANES) return 0;
    lane = &((st_status_page *)page)->lane[slot];
    out->instance = atomic_load_explicit(&lane->instance, memory_order_relaxed);
    out->call = atomic_load_explicit(&lane->call, memory_order_relaxed);
    out->call_seq = atomic_load_explicit(&lane->call_seq, memory_order_relaxed);
    out->began_ns = atomic_load_explicit(&lane->began_ns, memory_order_relaxed);
    out->blocks = atomic_load_explicit(&lane->blocks, memory_order_relaxed);
    out->scrubbed_samples = atomic_load_explicit(&lane->scrubbed_samples, memory_order_relaxed);
    out->clipped_samples = atomic_load_explicit(&lane->clipped_samples, memory_order_relaxed);
    out->silence_frames = atomic_load_explicit(&lane->silence_frames, memory_order_relaxed);
    out->xruns = atomic_load_explicit(&lane->xruns, memory_order_relaxed);
    out->queued_frames = atomic_load_explicit(&lane->queued_frames, memory_order_relaxed);
    out->failed_blocks = atomic_load_explicit(&lane->failed_blocks, memory_order_relaxed);
    out->timed_calls = atomic_load_explicit(&lane->timed_calls, memory_order_relaxed);
    out->timed_ns = atomic_load_explicit(&lane->timed_ns, memory_order_relaxed);
    return out->instance != 0;
}
