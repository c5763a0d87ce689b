/*
 * ring.c: mapping a ring, moving audio and positions, sleeping and waking. The rules are at the top of ring.h.
 */
#include "ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wake.h"

#define AUDIO_OFFSET (2u * ST_RING_PAGE)

static size_t round_to_page(size_t bytes) { return (bytes + ST_RING_PAGE - 1) & ~(size_t)(ST_RING_PAGE - 1); }

size_t st_ring_bytes(const st_ring_format *f) {
    uint64_t capacity = f->capacity_frames;
    if (f->magic != ST_RING_MAGIC || f->version != ST_RING_VERSION) return 0;
    if (f->channels == 0 || f->channels > ST_RING_MAX_CHANNELS || f->sample_rate_hz == 0) return 0;
    if (capacity == 0 || capacity > ST_RING_MAX_CAPACITY || (capacity & (capacity - 1)) != 0) return 0;
    if (f->block_frames == 0 || f->ahead_frames < f->block_frames) return 0;
    if ((uint64_t)f->ahead_frames + f->history_frames + 2ull * f->block_frames > capacity) return 0;
    return AUDIO_OFFSET + round_to_page((size_t)capacity * f->channels * sizeof(float));
}

st_ring_result st_ring_format_segment(int fd, const st_ring_format *format) {
    size_t bytes = st_ring_bytes(format);
    struct stat st;
    if (bytes == 0) return ST_RING_BAD_FORMAT;
    if (fstat(fd, &st) != 0) return ST_RING_SYSTEM;
    if ((uint64_t)st.st_size != bytes) return ST_RING_BAD_FORMAT;
    if (pwrite(fd, format, sizeof *format, 0) != (ssize_t)sizeof *format) return ST_RING_SYSTEM;
    return ST_RING_OK;
}

/* Protection of the three parts differs, so the whole is mapped once and its parts are narrowed. */
static int map_parts(st_ring *ring, int fd, size_t bytes, st_ring_side side) {
    int audio = side == ST_RING_WRITER ? PROT_READ | PROT_WRITE : side == ST_RING_READER ? PROT_READ : PROT_NONE;
    char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) return -1;
    if (mprotect(map, ST_RING_PAGE, PROT_READ) != 0 ||
        mprotect(map + AUDIO_OFFSET, bytes - AUDIO_OFFSET, audio) != 0 ||
        madvise(map, bytes, MADV_DONTFORK) != 0) {
        int error = errno;
        munmap(map, bytes);
        errno = error;
        return -1;
    }
    ring->map = map;
    ring->map_bytes = bytes;
    ring->words = (st_ring_words *)(void *)(map + ST_RING_PAGE);
    ring->audio = side == ST_RING_HOST ? NULL : (float *)(void *)(map + AUDIO_OFFSET);
    return 0;
}

st_ring_result st_ring_map(st_ring *ring, int fd, st_ring_side side) {
    struct stat st;
    st_ring_format format;
    size_t bytes;
    memset(ring, 0, sizeof *ring);
    if (fstat(fd, &st) != 0) return ST_RING_SYSTEM;
    if (pread(fd, &format, sizeof format, 0) != (ssize_t)sizeof format) return ST_RING_BAD_FORMAT;
    bytes = st_ring_bytes(&format);
    if (bytes == 0 || st.st_size < 0 || (uint64_t)st.st_size != bytes) return ST_RING_BAD_FORMAT;
    ring->format = format;
    ring->side = side;
    if (map_parts(ring, fd, bytes, side) != 0) return ST_RING_SYSTEM;
    if (side != ST_RING_HOST && st_ring_adopt(ring) != ST_RING_OK) {
        st_ring_unmap(ring);
        return ST_RING_IMPOSSIBLE;
    }
    return ST_RING_OK;
}

st_ring_result st_ring_adopt(st_ring *ring) {
    st_ring_words *w = ring->words;
    uint64_t retain = atomic_load_explicit(&w->retain_pos, memory_order_acquire);
    uint64_t read = atomic_load_explicit(&w->read_pos, memory_order_acquire);
    uint64_t write = atomic_load_explicit(&w->write_pos, memory_order_acquire);
    if (retain > read || read > write || write - retain > ring->format.capacity_frames) return ST_RING_IMPOSSIBLE;
    ring->own_pos = ring->side == ST_RING_WRITER ? write : read;
    ring->own_retain = retain;
    ring->seen_peer = ring->side == ST_RING_WRITER ? read : write;
    ring->seen_retain = retain;
    ring->has_rung = 0;
    return ST_RING_OK;
}

void st_ring_unmap(st_ring *ring) {
    if (ring->map) munmap(ring->map, ring->map_bytes);
    memset(ring, 0, sizeof *ring);
}

void st_ring_set_words(st_ring *ring, uint64_t position) {
    atomic_store_explicit(&ring->words->retain_pos, position, memory_order_release);
    atomic_store_explicit(&ring->words->read_pos, position, memory_order_release);
    atomic_store_explicit(&ring->words->write_pos, position, memory_order_release);
}

void st_ring_set_reader(st_ring *ring, uint64_t retain, uint64_t read) {
    atomic_store_explicit(&ring->words->retain_pos, retain, memory_order_release);
    atomic_store_explicit(&ring->words->read_pos, read, memory_order_release);
}

st_ring_result st_ring_room(st_ring *ring, uint32_t *out_frames) {
    uint64_t retain = atomic_load_explicit(&ring->words->retain_pos, memory_order_acquire);
    uint64_t read = atomic_load_explicit(&ring->words->read_pos, memory_order_acquire);
    uint64_t write = ring->own_pos;
    int64_t by_ahead, by_capacity, room;
    if (retain > read || read > write || read < ring->seen_peer || retain < ring->seen_retain) return ST_RING_IMPOSSIBLE;
    ring->seen_peer = read;
    ring->seen_retain = retain;
    by_ahead = (int64_t)ring->format.ahead_frames - (int64_t)(write - read);
    by_capacity = (int64_t)ring->format.capacity_frames - (int64_t)(write - retain);
    room = by_ahead < by_capacity ? by_ahead : by_capacity;
    *out_frames = room > 0 ? (uint32_t)room : 0;
    return ST_RING_OK;
}

st_ring_result st_ring_available(st_ring *ring, uint32_t *out_frames) {
    uint64_t write = atomic_load_explicit(&ring->words->write_pos, memory_order_acquire);
    if (write < ring->seen_peer || write - ring->own_pos > ring->format.capacity_frames) return ST_RING_IMPOSSIBLE;
    ring->seen_peer = write;
    *out_frames = (uint32_t)(write - ring->own_pos);
    return ST_RING_OK;
}

/* One body per width of the processor's vectors, chosen when the library is loaded. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define ST_VECTOR_WIDTHS __attribute__((target_clones("avx2", "default")))
#else
#define ST_VECTOR_WIDTHS
#endif

/* NaN and infinity have all exponent bits set; as integers, so that the compiler can vectorise it. */
ST_VECTOR_WIDTHS static uint64_t copy_scrubbed(float *restrict out, const float *restrict in, size_t samples) {
    uint32_t *restrict to = (uint32_t *)(void *)out;
    const uint32_t *restrict from = (const uint32_t *)(const void *)in;
    uint32_t bad = 0;
    for (size_t i = 0; i < samples; i++) {
        uint32_t word = from[i];
        uint32_t wrong = -(uint32_t)((word & 0x7f800000u) == 0x7f800000u);
        to[i] = word & ~wrong;
        bad -= wrong;
    }
    return bad;
}

/* The part of `frames` that lies before the end of the buffer. */
static uint32_t before_wrap(const st_ring *ring, uint64_t position, uint32_t frames, size_t *out_offset) {
    uint32_t capacity = ring->format.capacity_frames;
    uint32_t index = (uint32_t)(position & (capacity - 1));
    uint32_t straight = capacity - index;
    *out_offset = (size_t)index * ring->format.channels;
    return frames < straight ? frames : straight;
}

void st_ring_put_at(st_ring *ring, uint64_t position, const float *samples, uint32_t frames, uint64_t *scrubbed) {
    size_t offset, channels = ring->format.channels;
    uint32_t first = before_wrap(ring, position, frames, &offset);
    *scrubbed += copy_scrubbed(ring->audio + offset, samples, first * channels);
    if (first < frames) *scrubbed += copy_scrubbed(ring->audio, samples + first * channels, (frames - first) * channels);
}

void st_ring_put(st_ring *ring, const float *samples, uint32_t frames, uint64_t *scrubbed) {
    st_ring_put_at(ring, ring->own_pos, samples, frames, scrubbed);
}

void st_ring_put_silence(st_ring *ring, uint32_t frames) {
    size_t offset, channels = ring->format.channels;
    uint32_t first = before_wrap(ring, ring->own_pos, frames, &offset);
    memset(ring->audio + offset, 0, first * channels * sizeof(float));
    if (first < frames) memset(ring->audio, 0, (frames - first) * channels * sizeof(float));
}

/* In place rather than by the C library, whose copy wakes the widest registers: each switch between processes would then
   save and restore those as well. */
static void copy(float *out, const float *in, size_t samples) {
#if defined(__x86_64__)
    size_t bytes = samples * sizeof(float);
    __asm__ volatile("rep movsb" : "+D"(out), "+S"(in), "+c"(bytes) : : "memory");
#else
    memcpy(out, in, samples * sizeof(float));
#endif
}

void st_ring_get_at(const st_ring *ring, uint64_t position, float *samples, uint32_t frames) {
    size_t offset, channels = ring->format.channels;
    uint32_t first = before_wrap(ring, position, frames, &offset);
    copy(samples, ring->audio + offset, first * channels);
    if (first < frames) copy(samples + first * channels, ring->audio, (frames - first) * channels);
}

void st_ring_get(const st_ring *ring, float *samples, uint32_t frames) {
    st_ring_get_at(ring, ring->own_pos, samples, frames);
}

int st_ring_get_last(const st_ring *ring, float *frame) {
    if (ring->own_pos <= ring->seen_retain) return 0;
    st_ring_get_at(ring, ring->own_pos - 1, frame, 1);
    return 1;
}

void st_ring_ring(st_ring_words *words, st_ring_side side) {
    _Atomic uint32_t *bell = side == ST_RING_WRITER ? &words->writer_bell : &words->reader_bell;
    atomic_fetch_add_explicit(bell, 1, memory_order_acq_rel);
    st_futex_wake(bell);
}

static void ring_peer(st_ring *ring) {
    st_ring_words *w = ring->words;
    _Atomic uint32_t *bell = ring->side == ST_RING_WRITER ? &w->reader_bell : &w->writer_bell;
    if (ring->has_rung && atomic_load_explicit(bell, memory_order_relaxed) == ring->last_rung) return;
    ring->last_rung = atomic_fetch_add_explicit(bell, 1, memory_order_acq_rel) + 1;
    ring->has_rung = 1;
    st_futex_wake(bell);
}

static uint64_t peer_wants(const st_ring *ring) {
    const st_ring_words *w = ring->words;
    return atomic_load_explicit(ring->side == ST_RING_WRITER ? &w->reader_wants : &w->writer_wants, memory_order_acquire);
}

static void ring_if_reached(st_ring *ring) {
    uint64_t wants;
    atomic_thread_fence(memory_order_seq_cst);
    wants = peer_wants(ring);
    if (wants != 0 && ring->own_pos >= wants) ring_peer(ring);
}

void st_ring_publish_write(st_ring *ring, uint32_t frames) {
    ring->own_pos += frames;
    atomic_store_explicit(&ring->words->write_pos, ring->own_pos, memory_order_release);
    ring_if_reached(ring);
}

void st_ring_publish_read(st_ring *ring, uint32_t frames) {
    uint64_t keep;
    ring->own_pos += frames;
    atomic_store_explicit(&ring->words->read_pos, ring->own_pos, memory_order_release);
    keep = ring->own_pos > ring->format.history_frames ? ring->own_pos - ring->format.history_frames : 0;
    if (keep > ring->own_retain) {
        ring->own_retain = keep;
        atomic_store_explicit(&ring->words->retain_pos, keep, memory_order_release);
    }
    ring_if_reached(ring);
}

void st_ring_before_sleep(st_ring *ring) {
    uint32_t frames;
    atomic_thread_fence(memory_order_seq_cst);
    if (peer_wants(ring) == 0) return;
    if (ring->side == ST_RING_WRITER) {
        uint64_t read = atomic_load_explicit(&ring->words->read_pos, memory_order_relaxed);
        frames = ring->own_pos > read ? (uint32_t)(ring->own_pos - read) : 0;
    } else {
        uint64_t write = atomic_load_explicit(&ring->words->write_pos, memory_order_relaxed);
        uint64_t filled = write > ring->own_pos ? write - ring->own_pos : 0;
        frames = filled < ring->format.ahead_frames ? ring->format.ahead_frames - (uint32_t)filled : 0;
    }
    if (frames >= ring->format.block_frames) ring_peer(ring);
}

void st_ring_greet(st_ring *ring) {
    st_ring_words *w = ring->words;
    atomic_store_explicit(ring->side == ST_RING_WRITER ? &w->writer_wants : &w->reader_wants, 0, memory_order_relaxed);
    st_ring_ring(w, ring->side == ST_RING_WRITER ? ST_RING_READER : ST_RING_WRITER);
}

/* Whether `frames` of room or data are there; the position to wait for is the peer's that would make it so. */
static st_ring_result is_ready(st_ring *ring, uint32_t frames, int *out_ready) {
    uint32_t have;
    st_ring_result result = ring->side == ST_RING_WRITER ? st_ring_room(ring, &have) : st_ring_available(ring, &have);
    *out_ready = result == ST_RING_OK && have >= frames;
    return result;
}

static uint64_t target_for(const st_ring *ring, uint32_t frames) {
    uint64_t most = (uint64_t)ring->own_pos + frames;
    if (ring->side == ST_RING_READER) return most;
    return most > ring->format.ahead_frames ? most - ring->format.ahead_frames : 1;
}

st_ring_result st_ring_wait(st_ring *ring, uint32_t frames, const _Atomic uint32_t *interrupt, int64_t deadline_ns) {
    st_ring_words *w = ring->words;
    int writer = ring->side == ST_RING_WRITER;
    _Atomic uint32_t *bell = writer ? &w->writer_bell : &w->reader_bell;
    _Atomic uint64_t *wants = writer ? &w->writer_wants : &w->reader_wants;
    uint32_t enough = ring->format.block_frames < frames ? ring->format.block_frames : frames;
    for (;;) {
        int ready, timed_out = 0;
        st_ring_result result;
        uint32_t seen = atomic_fetch_add_explicit(bell, 1, memory_order_acq_rel) + 1;
        atomic_store_explicit(wants, target_for(ring, frames), memory_order_release);
        atomic_thread_fence(memory_order_seq_cst);
        /* One block, not the target: a peer that saw no sleeper here may have lain down itself, and will not ring again. */
        result = is_ready(ring, enough, &ready);
        if (result == ST_RING_OK && !ready) {
            if (atomic_load_explicit(interrupt, memory_order_relaxed)) result = ST_RING_INTERRUPTED;
            else timed_out = st_futex_wait(bell, seen, deadline_ns);
        }
        atomic_store_explicit(wants, 0, memory_order_relaxed);
        if (result != ST_RING_OK || ready) return result;
        /* Rung before the target was reached (the peer is about to sleep): one block is enough to be awake for. */
        result = is_ready(ring, enough, &ready);
        if (result != ST_RING_OK || ready) return result;
        if (timed_out || st_now_ns() >= deadline_ns) return ST_RING_TIMEOUT;
    }
}

void st_ring_nap(st_ring *ring, const _Atomic uint32_t *interrupt, int64_t deadline_ns) {
    st_ring_words *w = ring->words;
    _Atomic uint32_t *bell = ring->side == ST_RING_WRITER ? &w->writer_bell : &w->reader_bell;
    uint32_t seen = atomic_fetch_add_explicit(bell, 1, memory_order_acq_rel) + 1;
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load_explicit(interrupt, memory_order_relaxed)) st_futex_wait(bell, seen, deadline_ns);
}
