/*
 * byte_stream.c: mapping a byte stream, moving bytes and positions, asking and answering. The rules are at the top of
 * byte_stream.h.
 */
#include "byte_stream.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wake.h"

#define BYTES_OFFSET (2u * ST_STREAM_PAGE)

size_t st_stream_segment_bytes(const st_stream_format *f) {
    uint64_t capacity = f->capacity_bytes;
    if (f->magic != ST_STREAM_MAGIC || f->version != ST_STREAM_VERSION || f->seeks > 1) return 0;
    if (capacity < ST_STREAM_MIN_CAPACITY || capacity > ST_STREAM_MAX_CAPACITY || (capacity & (capacity - 1)) != 0) return 0;
    if (f->history_bytes > capacity / 2) return 0;
    if (f->size_bytes != ST_STREAM_UNKNOWN && f->size_bytes > ST_STREAM_MAX_POSITION) return 0;
    return BYTES_OFFSET + (size_t)capacity;
}

st_stream_result st_stream_format_segment(int fd, const st_stream_format *format) {
    size_t bytes = st_stream_segment_bytes(format);
    struct stat st;
    if (bytes == 0) return ST_STREAM_BAD_FORMAT;
    if (fstat(fd, &st) != 0) return ST_STREAM_SYSTEM;
    if ((uint64_t)st.st_size != bytes) return ST_STREAM_BAD_FORMAT;
    if (pwrite(fd, format, sizeof *format, 0) != (ssize_t)sizeof *format) return ST_STREAM_SYSTEM;
    return ST_STREAM_OK;
}

/* Protection of the three parts differs, so the whole is mapped once and its parts are narrowed. */
static int map_parts(st_stream *s, int fd, size_t bytes) {
    int data = s->side == ST_STREAM_WRITER ? PROT_READ | PROT_WRITE : s->side == ST_STREAM_READER ? PROT_READ : PROT_NONE;
    char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) return -1;
    if (mprotect(map, ST_STREAM_PAGE, PROT_READ) != 0 ||
        mprotect(map + BYTES_OFFSET, bytes - BYTES_OFFSET, data) != 0 ||
        madvise(map, bytes, MADV_DONTFORK) != 0) {
        int error = errno;
        munmap(map, bytes);
        errno = error;
        return -1;
    }
    s->map = map;
    s->map_bytes = bytes;
    s->words = (st_stream_words *)(void *)(map + ST_STREAM_PAGE);
    s->bytes = s->side == ST_STREAM_HOST ? NULL : (uint8_t *)(map + BYTES_OFFSET);
    return 0;
}

static uint32_t ahead(const st_stream *s) { return s->format.capacity_bytes - s->format.history_bytes; }

/* While a question is open, the words of the answer may be torn, and none of them is used before they are written anew. */
static st_stream_result adopt_writer(st_stream *s) {
    st_stream_words *w = s->words;
    uint64_t wanted = atomic_load_explicit(&w->seek_epoch, memory_order_acquire);
    s->epoch = atomic_load_explicit(&w->epoch, memory_order_acquire);
    if (wanted < s->epoch) return ST_STREAM_IMPOSSIBLE;
    s->base = atomic_load_explicit(&w->base_offset, memory_order_acquire);
    s->own_pos = atomic_load_explicit(&w->write_pos, memory_order_acquire);
    if (wanted != s->epoch) return ST_STREAM_OK;
    s->seen_peer = s->base;
    s->ended = atomic_load_explicit(&w->ended, memory_order_relaxed) != 0;
    if (s->base > s->own_pos || s->own_pos > ST_STREAM_MAX_POSITION) return ST_STREAM_IMPOSSIBLE;
    return ST_STREAM_OK;
}

static st_stream_result adopt_reader(st_stream *s) {
    st_stream_words *w = s->words;
    uint64_t epoch = atomic_load_explicit(&w->epoch, memory_order_acquire);
    uint64_t of = atomic_load_explicit(&w->read_epoch, memory_order_acquire);
    s->epoch = atomic_load_explicit(&w->seek_epoch, memory_order_acquire);
    s->asked = ST_STREAM_UNKNOWN;
    if (of > s->epoch || epoch > s->epoch || (of == s->epoch && epoch != of)) return ST_STREAM_IMPOSSIBLE;
    if (of == s->epoch) {
        uint64_t write = atomic_load_explicit(&w->write_pos, memory_order_acquire);
        s->taken = 1;
        s->base = atomic_load_explicit(&w->base_offset, memory_order_acquire);
        s->own_pos = atomic_load_explicit(&w->read_pos, memory_order_acquire);
        s->seen_peer = s->own_pos;
        if (s->base > s->own_pos || s->own_pos > write || write > ST_STREAM_MAX_POSITION) return ST_STREAM_IMPOSSIBLE;
    }
    if (!s->format.seeks && !s->taken) return ST_STREAM_IMPOSSIBLE;
    s->cursor = s->format.seeks ? 0 : s->own_pos;
    return ST_STREAM_OK;
}

st_stream_result st_stream_map(st_stream *s, int fd, st_stream_side side) {
    struct stat st;
    st_stream_format format;
    size_t bytes;
    st_stream_result result = ST_STREAM_OK;
    memset(s, 0, sizeof *s);
    if (fstat(fd, &st) != 0) return ST_STREAM_SYSTEM;
    if (pread(fd, &format, sizeof format, 0) != (ssize_t)sizeof format) return ST_STREAM_BAD_FORMAT;
    bytes = st_stream_segment_bytes(&format);
    if (bytes == 0 || st.st_size < 0 || (uint64_t)st.st_size != bytes) return ST_STREAM_BAD_FORMAT;
    s->format = format;
    s->side = side;
    if (map_parts(s, fd, bytes) != 0) return ST_STREAM_SYSTEM;
    if (side == ST_STREAM_WRITER) result = adopt_writer(s);
    if (side == ST_STREAM_READER) result = adopt_reader(s);
    if (result != ST_STREAM_OK) st_stream_unmap(s);
    return result;
}

void st_stream_unmap(st_stream *s) {
    if (s->map) munmap(s->map, s->map_bytes);
    memset(s, 0, sizeof *s);
}

void st_stream_ring(st_stream_words *words, st_stream_side side) {
    _Atomic uint32_t *bell = side == ST_STREAM_WRITER ? &words->writer_bell : &words->reader_bell;
    atomic_fetch_add_explicit(bell, 1, memory_order_acq_rel);
    st_futex_wake(bell);
}

static void ring_peer(st_stream *s) {
    _Atomic uint32_t *bell = s->side == ST_STREAM_WRITER ? &s->words->reader_bell : &s->words->writer_bell;
    if (s->has_rung && atomic_load_explicit(bell, memory_order_relaxed) == s->last_rung) return;
    s->last_rung = atomic_fetch_add_explicit(bell, 1, memory_order_acq_rel) + 1;
    s->has_rung = 1;
    st_futex_wake(bell);
}

/* Behind what was published: rings a peer that sleeps, and waits for no more than `reached`. */
static void ring_if_reached(st_stream *s, uint64_t reached) {
    _Atomic uint64_t *word = s->side == ST_STREAM_WRITER ? &s->words->reader_wants : &s->words->writer_wants;
    uint64_t wants;
    atomic_thread_fence(memory_order_seq_cst);
    wants = atomic_load_explicit(word, memory_order_acquire);
    if (wants != 0 && reached >= wants) ring_peer(s);
}

void st_stream_greet(st_stream *s) {
    int writer = s->side == ST_STREAM_WRITER;
    atomic_store_explicit(writer ? &s->words->writer_wants : &s->words->reader_wants, 0, memory_order_relaxed);
    if (writer) atomic_store_explicit(&s->words->failure, 0, memory_order_release);
    st_stream_ring(s->words, writer ? ST_STREAM_READER : ST_STREAM_WRITER);
}

int st_stream_is_asked(const st_stream *s) {
    return atomic_load_explicit(&s->words->seek_epoch, memory_order_relaxed) != s->epoch;
}

st_stream_result st_stream_room(st_stream *s, uint32_t *out_bytes) {
    st_stream_words *w = s->words;
    uint64_t wanted = atomic_load_explicit(&w->seek_epoch, memory_order_acquire), of, filled;
    if (wanted != s->epoch) return wanted > s->epoch ? ST_STREAM_ASKED : ST_STREAM_IMPOSSIBLE;
    of = atomic_load_explicit(&w->read_epoch, memory_order_acquire);
    if (of == s->epoch) {
        uint64_t read = atomic_load_explicit(&w->read_pos, memory_order_acquire);
        if (read < s->seen_peer || read > s->own_pos) return ST_STREAM_IMPOSSIBLE;
        s->seen_peer = read;
        s->taken = 1;
    } else if (of > s->epoch || s->taken) {
        return ST_STREAM_IMPOSSIBLE;
    }
    filled = s->own_pos - s->seen_peer;
    *out_bytes = filled < ahead(s) ? ahead(s) - (uint32_t)filled : 0;
    return ST_STREAM_OK;
}

/* The words of an answer; the epoch last, which makes them one. */
static void write_answer(st_stream_words *w, uint64_t epoch, uint64_t offset, uint32_t code) {
    atomic_store_explicit(&w->base_offset, offset, memory_order_relaxed);
    atomic_store_explicit(&w->write_pos, offset, memory_order_relaxed);
    atomic_store_explicit(&w->ended, 0, memory_order_relaxed);
    atomic_store_explicit(&w->failure, code, memory_order_relaxed);
    atomic_store_explicit(&w->epoch, epoch, memory_order_release);
}

st_stream_result st_stream_answer(st_stream *s) {
    uint64_t wanted = atomic_load_explicit(&s->words->seek_epoch, memory_order_acquire);
    uint64_t offset = atomic_load_explicit(&s->words->seek_offset, memory_order_acquire);
    if (wanted <= s->epoch || offset > ST_STREAM_MAX_POSITION || !s->format.seeks) return ST_STREAM_IMPOSSIBLE;
    s->epoch = wanted;
    s->base = s->own_pos = s->seen_peer = offset;
    s->taken = s->ended = 0;
    write_answer(s->words, wanted, offset, 0);
    ring_if_reached(s, UINT64_MAX);
    return ST_STREAM_OK;
}

/* The part of `count` that lies before the end of the buffer. */
static uint32_t before_wrap(const st_stream *s, uint64_t position, uint32_t count, size_t *out_index) {
    uint32_t capacity = s->format.capacity_bytes, index = (uint32_t)(position & (capacity - 1));
    *out_index = index;
    return count < capacity - index ? count : capacity - index;
}

void st_stream_put(st_stream *s, const uint8_t *bytes, uint32_t count) {
    size_t index;
    uint32_t first = before_wrap(s, s->own_pos, count, &index);
    memcpy(s->bytes + index, bytes, first);
    if (first < count) memcpy(s->bytes, bytes + first, count - first);
    s->own_pos += count;
    atomic_store_explicit(&s->words->write_pos, s->own_pos, memory_order_release);
    ring_if_reached(s, s->own_pos);
}

void st_stream_end(st_stream *s) {
    s->ended = 1;
    atomic_store_explicit(&s->words->ended, 1, memory_order_release);
    ring_if_reached(s, UINT64_MAX);
}

void st_stream_fail(st_stream *s, uint32_t code) {
    atomic_store_explicit(&s->words->failure, code, memory_order_release);
    ring_if_reached(s, UINT64_MAX);
}

/* An answer to the last question becomes this face's epoch. */
static st_stream_result take_answer(st_stream *s) {
    st_stream_words *w = s->words;
    uint64_t base = atomic_load_explicit(&w->base_offset, memory_order_acquire);
    if (base > ST_STREAM_MAX_POSITION || (s->asked != ST_STREAM_UNKNOWN && base != s->asked)) return ST_STREAM_IMPOSSIBLE;
    s->base = s->own_pos = s->seen_peer = base;
    atomic_store_explicit(&w->read_pos, base, memory_order_relaxed);
    atomic_store_explicit(&w->read_epoch, s->epoch, memory_order_release);
    s->taken = 1;
    return ST_STREAM_OK;
}

/* What lies before the cursor is done with, whether it was copied or skipped. */
static void consume(st_stream *s) {
    s->own_pos = s->cursor;
    atomic_store_explicit(&s->words->read_pos, s->own_pos, memory_order_release);
    ring_if_reached(s, s->own_pos);
}

st_stream_result st_stream_look(st_stream *s, uint32_t *out_bytes) {
    st_stream_words *w = s->words;
    uint64_t epoch = atomic_load_explicit(&w->epoch, memory_order_acquire), write, low;
    uint32_t ended, failure;
    if (epoch > s->epoch || (s->taken && epoch != s->epoch)) return ST_STREAM_IMPOSSIBLE;
    if (epoch != s->epoch) return s->asked == s->cursor ? ST_STREAM_EMPTY : ST_STREAM_AWAY;
    if (!s->taken && take_answer(s) != ST_STREAM_OK) return ST_STREAM_IMPOSSIBLE;
    /* Before the position: what was published before one of these was stored is then seen, too. */
    ended = atomic_load_explicit(&w->ended, memory_order_acquire);
    failure = atomic_load_explicit(&w->failure, memory_order_acquire);
    write = atomic_load_explicit(&w->write_pos, memory_order_acquire);
    if (write < s->seen_peer || write - s->own_pos > ahead(s) || write > ST_STREAM_MAX_POSITION) return ST_STREAM_IMPOSSIBLE;
    s->seen_peer = write;
    low = s->own_pos - s->base > s->format.history_bytes ? s->own_pos - s->format.history_bytes : s->base;
    if (s->cursor < low) return ST_STREAM_AWAY;
    if (s->cursor < write) return *out_bytes = (uint32_t)(write - s->cursor), ST_STREAM_OK;
    if (ended) return ST_STREAM_ENDED;
    if (s->cursor > write) return ST_STREAM_AWAY;
    if (failure) return ST_STREAM_FAILED;
    if (s->cursor > s->own_pos) consume(s); /* all of it was skipped: else a writer without room would wait for us */
    return ST_STREAM_EMPTY;
}

void st_stream_take(st_stream *s, uint8_t *bytes, uint32_t count) {
    size_t index;
    uint32_t first = before_wrap(s, s->cursor, count, &index);
    memcpy(bytes, s->bytes + index, first);
    if (first < count) memcpy(bytes + first, s->bytes, count - first);
    s->cursor += count;
    if (s->cursor > s->own_pos) consume(s);
}

void st_stream_ask(st_stream *s) {
    s->asked = s->cursor;
    s->epoch++;
    s->taken = 0;
    atomic_store_explicit(&s->words->seek_offset, s->cursor, memory_order_relaxed);
    atomic_store_explicit(&s->words->seek_epoch, s->epoch, memory_order_release);
    ring_if_reached(s, UINT64_MAX);
}

/* Whether there is a reason to be awake: `enough` bytes of room, or any byte of data, or that something else is to be done. */
static st_stream_result is_ready(st_stream *s, uint32_t enough) {
    uint32_t have;
    st_stream_result result;
    if (s->side == ST_STREAM_READER) return st_stream_look(s, &have);
    result = st_stream_room(s, &have);
    return result == ST_STREAM_OK && have < enough ? ST_STREAM_EMPTY : result;
}

/* The peer's position that is waited for; never 0, which means awake. */
static uint64_t target_for(const st_stream *s, uint32_t bytes) {
    uint64_t most = (s->side == ST_STREAM_READER ? s->cursor : s->own_pos) + bytes;
    if (s->side == ST_STREAM_READER) return most;
    return most > ahead(s) ? most - ahead(s) : 1;
}

st_stream_result st_stream_wait(st_stream *s, uint32_t bytes, const _Atomic uint32_t *interrupt, int64_t deadline_ns) {
    int writer = s->side == ST_STREAM_WRITER;
    _Atomic uint32_t *bell = writer ? &s->words->writer_bell : &s->words->reader_bell;
    _Atomic uint64_t *wants = writer ? &s->words->writer_wants : &s->words->reader_wants;
    for (;;) {
        st_stream_result result;
        int over = 0;
        uint32_t seen = atomic_fetch_add_explicit(bell, 1, memory_order_acq_rel) + 1;
        atomic_store_explicit(wants, target_for(s, bytes), memory_order_release);
        atomic_thread_fence(memory_order_seq_cst);
        result = is_ready(s, bytes);
        if (result == ST_STREAM_EMPTY) {
            if (atomic_load_explicit(interrupt, memory_order_relaxed)) over = 1;
            else over = st_futex_wait(bell, seen, deadline_ns);
        }
        atomic_store_explicit(wants, 0, memory_order_relaxed);
        if (result != ST_STREAM_EMPTY) return result;
        result = is_ready(s, bytes);
        if (result != ST_STREAM_EMPTY || over || st_now_ns() >= deadline_ns) return result;
    }
}

void st_stream_abandon(st_stream *s, uint32_t code) {
    st_stream_words *w = s->words;
    uint64_t wanted = atomic_load_explicit(&w->seek_epoch, memory_order_acquire);
    if (wanted == atomic_load_explicit(&w->epoch, memory_order_relaxed))
        atomic_store_explicit(&w->failure, code, memory_order_release);
    else
        write_answer(w, wanted, atomic_load_explicit(&w->seek_offset, memory_order_relaxed), code);
    st_stream_ring(w, ST_STREAM_READER);
}
