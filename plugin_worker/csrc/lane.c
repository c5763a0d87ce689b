/*
 * lane.c: thread-local lane, call marks, interrupt.
 */
#include "lane.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "wake.h"

static _Thread_local st_lane *current;

st_status_page *st_status_attach(int fd) {
    struct stat st;
    st_status_page *page;
    if (fstat(fd, &st) != 0 || st.st_size != (off_t)sizeof *page) return NULL;
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) return NULL;
    madvise(page, sizeof *page, MADV_DONTFORK);
    return page;
}

void st_status_beat(st_status_page *page) {
    uint64_t beats = atomic_load_explicit(&page->heartbeat, memory_order_relaxed);
    atomic_store_explicit(&page->heartbeat, beats + 1, memory_order_relaxed);
}

void st_lane_enter(st_lane *lane, st_status_page *page, uint32_t slot, uint64_t instance) {
    st_lane_status *s = &page->lane[slot];
    lane->status = s;
    lane->instance = instance;
    atomic_store_explicit(&s->call, ST_CALL_NONE, memory_order_relaxed);
    atomic_store_explicit(&s->blocks, 0, memory_order_relaxed);
    atomic_store_explicit(&s->scrubbed_samples, 0, memory_order_relaxed);
    atomic_store_explicit(&s->clipped_samples, 0, memory_order_relaxed);
    atomic_store_explicit(&s->silence_frames, 0, memory_order_relaxed);
    atomic_store_explicit(&s->xruns, 0, memory_order_relaxed);
    atomic_store_explicit(&s->queued_frames, 0, memory_order_relaxed);
    atomic_store_explicit(&s->failed_blocks, 0, memory_order_relaxed);
    atomic_store_explicit(&s->timed_calls, 0, memory_order_relaxed);
    atomic_store_explicit(&s->timed_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&s->instance, instance, memory_order_release);
    current = lane;
}

void st_lane_leave(st_lane *lane) {
    atomic_store_explicit(&lane->status->instance, 0, memory_order_release);
    current = NULL;
}

st_lane *st_lane_current(void) { return current; }

int st_lane_may_call(const st_lane *lane) {
    return current == lane && atomic_load_explicit(&lane->status->call, memory_order_relaxed) == ST_CALL_NONE;
}

static int moves_audio(uint32_t call) {
    return call == ST_CALL_READ || call == ST_CALL_PROCESS || call == ST_CALL_WRITE;
}

void st_call_mark(st_lane *lane, uint32_t call) {
    st_lane_status *s = lane->status;
    uint32_t number = atomic_load_explicit(&s->call_seq, memory_order_relaxed) + 1;
    lane->timed_from_ns = number % ST_TIMED_EVERY == 0 && moves_audio(call) ? st_now_ns() : 0;
    atomic_store_explicit(&s->call_seq, number, memory_order_relaxed);
    atomic_store_explicit(&s->call, call, memory_order_release);
}

int st_call_begin(st_lane *lane, uint32_t call) {
    struct timespec t;
    if (!st_lane_may_call(lane)) return -1;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    atomic_store_explicit(&lane->status->began_ns, (int64_t)t.tv_sec * 1000000000 + t.tv_nsec, memory_order_relaxed);
    st_call_mark(lane, call);
    return 0;
}

static void add(_Atomic uint64_t *counter, uint64_t by) {
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

void st_call_end(st_lane *lane) {
    atomic_store_explicit(&lane->status->call, ST_CALL_NONE, memory_order_release);
    if (lane->timed_from_ns == 0) return;
    add(&lane->status->timed_ns, (uint64_t)(st_now_ns() - lane->timed_from_ns));
    add(&lane->status->timed_calls, 1);
}

void st_lane_interrupt(st_lane *lane, st_ring *ring) {
    atomic_store_explicit(&lane->interrupt, 1, memory_order_seq_cst);
    if (ring->words) st_ring_ring(ring->words, ring->side);
}

void st_lane_interrupt_stream(st_lane *lane, st_stream *stream) {
    atomic_store_explicit(&lane->interrupt, 1, memory_order_seq_cst);
    if (stream->words) st_stream_ring(stream->words, stream->side);
}

int st_lane_gives_up(const st_lane *lane) {
    if (atomic_load_explicit(&lane->cancelled, memory_order_relaxed)) return 1;
    if (lane->fills == NULL) return 0;
    return atomic_load_explicit(&lane->interrupt, memory_order_relaxed) || st_stream_is_asked(lane->fills);
}

void st_lane_still_waits(st_lane *lane) {
    lane->timed_from_ns = 0;
    atomic_fetch_add_explicit(&lane->status->call_seq, 1, memory_order_relaxed);
}

void st_lane_clear_interrupt(st_lane *lane) { atomic_store_explicit(&lane->interrupt, 0, memory_order_seq_cst); }

void st_lane_set_cancelled(st_lane *lane, uint32_t cancelled) {
    atomic_store_explicit(&lane->cancelled, cancelled, memory_order_seq_cst);
}
