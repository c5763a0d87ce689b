/*
 * ring.h: interleaved float32 from one writer to one reader, in a segment that outlives both.
 *
 * Positions are 64-bit frame counts that only grow. Memory order, which the code below follows to the letter:
 *   data before position: the writer copies audio, then stores write_pos with release; the reader loads it with acquire.
 *   consumption before reuse: the reader copies audio out, then stores read_pos and retain_pos with release; the writer
 *     loads retain_pos, then read_pos, with acquire, and only then overwrites.
 *   sleep: own bell + 1 = q; wants = target; full fence; look again; futex_wait(bell, q); wants = 0.
 *   wake: publish; full fence; wants reached? unless the bell still has the value of our own last ring (then the sleeper
 *     has not lain down again since, and that ring still holds): bell + 1, futex_wake.
 *
 * Every word of the peer is loaded once into a local, checked, and only the local is used. A ring face (struct st_ring)
 * belongs to one thread.
 */
#ifndef ST_SHM_RING_H
#define ST_SHM_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define ST_RING_MAGIC 0x53544c4152494e47ull /* "STLARING" */
#define ST_RING_VERSION 1u
#define ST_RING_PAGE 4096u
#define ST_RING_MAX_CHANNELS 32u
#define ST_RING_MAX_CAPACITY (1u << 24) /* frames */

/* First page; written by the host before anybody attaches, copied by peers at attach and never read again. */
typedef struct st_ring_format {
    uint64_t magic;
    uint32_t version;
    uint32_t sample_rate_hz;
    uint32_t channels;
    uint32_t block_frames;
    uint32_t capacity_frames; /* a power of two, at least ahead + history + 2 blocks */
    uint32_t ahead_frames;    /* the writer is never further before the reader */
    uint32_t history_frames;  /* kept behind the reader */
    uint32_t reserved0;
} st_ring_format;

/* Second page: one line per side, so that neither side's stores disturb the other's. */
typedef struct st_ring_words {
    _Alignas(64) _Atomic uint64_t write_pos; /* owner: writer */
    _Atomic uint64_t writer_wants;           /* owner: writer asleep; 0 awake, else the read-side position waited for */
    _Atomic uint32_t writer_bell;            /* anyone who wakes the writer, and the writer lying down */
    _Alignas(64) _Atomic uint64_t read_pos;  /* owner: reader */
    _Atomic uint64_t retain_pos;             /* owner: reader */
    _Atomic uint64_t reader_wants;           /* owner: reader asleep */
    _Atomic uint32_t reader_bell;
} st_ring_words;

typedef enum st_ring_side { ST_RING_HOST = 0, ST_RING_WRITER = 1, ST_RING_READER = 2 } st_ring_side;

typedef enum st_ring_result {
    ST_RING_OK = 0,
    ST_RING_INTERRUPTED = 1, /* the caller's interrupt flag is set */
    ST_RING_TIMEOUT = 2,
    ST_RING_IMPOSSIBLE = 3,  /* the peer's words break the rules above */
    ST_RING_BAD_FORMAT = 4,  /* the format page contradicts itself or the segment's size */
    ST_RING_SYSTEM = 5       /* mmap or fstat failed; errno says why */
} st_ring_result;

typedef struct st_ring {
    st_ring_format format; /* private copy */
    st_ring_side side;
    st_ring_words *words;
    float *audio;          /* null for the host; read-only memory for the reader */
    void *map;
    size_t map_bytes;
    uint64_t own_pos;      /* write_pos of the writer, read_pos of the reader: the truth, never read back */
    uint64_t own_retain;   /* reader only */
    uint64_t seen_peer;    /* last checked read_pos (writer) or write_pos (reader) */
    uint64_t seen_retain;  /* last checked retain_pos (writer) */
    uint32_t last_rung;    /* the peer's bell after our last ring; valid when has_rung */
    uint32_t has_rung;
} st_ring;

/*
 * Bytes of a segment for this format, 0 when the format contradicts itself.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: 0
 */
size_t st_ring_bytes(const st_ring_format *format);

/*
 * Writes the format page of a fresh segment. Host only, once.
 * thread: any
 * realtime: no
 * owned: the descriptor stays the caller's
 * valid until: return
 * errors: BAD_FORMAT, SYSTEM
 */
st_ring_result st_ring_format_segment(int fd, const st_ring_format *format);

/*
 * Maps a ring for one side: format page read-only, audio read-only for the reader and not at all for the host. Takes over
 * the positions found in the words, after checking them.
 * thread: any
 * realtime: no
 * owned: the descriptor stays the caller's and may be closed; the mapping is the face's until st_ring_unmap
 * valid until: st_ring_unmap
 * errors: BAD_FORMAT, IMPOSSIBLE, SYSTEM
 */
st_ring_result st_ring_map(st_ring *ring, int fd, st_ring_side side);

/*
 * Reads this side's positions again from the words (after the host moved them while the stage was held).
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: IMPOSSIBLE
 */
st_ring_result st_ring_adopt(st_ring *ring);

/*
 * Unmaps; twice is fine.
 * thread: the face's
 * realtime: no
 * owned: the mapping is gone
 * valid until: return
 * errors: none
 */
void st_ring_unmap(st_ring *ring);

/*
 * Host: sets all positions of a ring that no lane is on.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ring_set_words(st_ring *ring, uint64_t position);

/*
 * Host: sets the reader's positions of a ring on which no reader is.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ring_set_reader(st_ring *ring, uint64_t retain, uint64_t read);

/*
 * Writer: frames that may be written now. Reader: frames that may be read now.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: the peer only ever makes it more
 * errors: IMPOSSIBLE
 */
st_ring_result st_ring_room(st_ring *ring, uint32_t *out_frames);
st_ring_result st_ring_available(st_ring *ring, uint32_t *out_frames);

/*
 * Writer: copies frames in behind what is published, NaN and infinity replaced by zero; adds how many samples were. Not
 * visible before st_ring_publish_write. The caller has checked the room.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ring_put(st_ring *ring, const float *samples, uint32_t frames, uint64_t *scrubbed);
void st_ring_put_silence(st_ring *ring, uint32_t frames);

/*
 * Writer: fills in frames from `position` on, behind what is published, of a ring that nobody reads yet. The caller has
 * checked that all of them lie between retain_pos and the write position.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ring_put_at(st_ring *ring, uint64_t position, const float *samples, uint32_t frames, uint64_t *scrubbed);

/*
 * Reader: copies frames out from the read position on. The caller has checked what is available.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ring_get(const st_ring *ring, float *samples, uint32_t frames);

/*
 * Reader: copies frames out from `position` on, without moving; for what is kept behind the read position, too. The caller
 * has checked that all of it lies between own_retain and what is available.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ring_get_at(const st_ring *ring, uint64_t position, float *samples, uint32_t frames);

/*
 * Writer: copies the last frame that was published; 0 when there is none since the words were set.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: 0
 */
int st_ring_get_last(const st_ring *ring, float *frame);

/*
 * Publishes progress by `frames` and rings the peer when it waits for that much. The reader's also moves retain_pos, so
 * that `history` frames stay.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ring_publish_write(st_ring *ring, uint32_t frames);
void st_ring_publish_read(st_ring *ring, uint32_t frames);

/*
 * Rings the peer if it sleeps and has at least one block of data or room: before this lane sleeps, is held or detaches.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ring_before_sleep(st_ring *ring);

/*
 * Rings without condition, and clears this side's own wants: at attach.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ring_greet(st_ring *ring);

/*
 * Rings one side's bell from a control thread, whatever it waits for.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ring_ring(st_ring_words *words, st_ring_side side);

/*
 * Sleeps until the writer has `frames` of room, or the reader `frames` of data, or at least one block when that is
 * there already or the peer rang early; at most until deadline_ns.
 * thread: the face's
 * realtime: yes (it is the wait itself)
 * owned: nothing
 * valid until: return
 * errors: INTERRUPTED, TIMEOUT, IMPOSSIBLE
 */
st_ring_result st_ring_wait(st_ring *ring, uint32_t frames, const _Atomic uint32_t *interrupt, int64_t deadline_ns);

/*
 * Sleeps a little, whatever the positions are: the reader's sink takes nothing just now. Ends early when rung.
 * thread: the face's
 * realtime: yes (it is the wait itself)
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ring_nap(st_ring *ring, const _Atomic uint32_t *interrupt, int64_t deadline_ns);

_Static_assert(sizeof(st_ring_format) == 40, "st_ring_format");
_Static_assert(offsetof(st_ring_words, read_pos) == 64, "one line per side");
_Static_assert(sizeof(st_ring_words) == 128, "st_ring_words");

#endif
