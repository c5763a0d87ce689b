/*
 * byte_stream.h: bytes from a source's worker to a decoder's, in a segment that outlives both.
 *
 * Positions are absolute offsets of the stream, 64 bits. An *epoch* is one run of bytes that goes on without a gap: it
 * begins at base_offset, and within it write_pos and read_pos only grow. The reader seeks by asking for another epoch.
 *
 *   ask:    seek_offset, then seek_epoch with release. No byte counts from here until epoch is the same again.
 *   answer: base_offset, write_pos, ended, failure, and last epoch with release. A writer that dies before that last store has
 *           answered nothing, and its successor does it anew; one that dies behind it has, and the successor goes on.
 *   take:   read_pos = base_offset, then read_epoch with release. Until the writer sees that, nothing is consumed for it.
 *   data before position, consumption before reuse, sleep and wake: as in ring.h, to the letter.
 *
 * Everything up to `history` behind read_pos stays readable, so that a decoder looks back a little without asking.
 *
 * Every word of the peer is loaded once into a local, checked, and only the local is used. A face (struct st_stream)
 * belongs to one thread.
 */
#ifndef ST_SHM_BYTE_STREAM_H
#define ST_SHM_BYTE_STREAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define ST_STREAM_MAGIC 0x53544c4142595445ull /* "STLABYTE" */
#define ST_STREAM_VERSION 1u
#define ST_STREAM_PAGE 4096u
#define ST_STREAM_MIN_CAPACITY (1u << 12)
#define ST_STREAM_MAX_CAPACITY (1u << 28) /* bytes */
#define ST_STREAM_UNKNOWN UINT64_MAX      /* no size, no offset */
#define ST_STREAM_MAX_POSITION (1ull << 62)

/* First page; written by the host before anybody attaches, copied by peers at attach and never read again. */
typedef struct st_stream_format {
    uint64_t magic;
    uint64_t size_bytes; /* of the whole stream; ST_STREAM_UNKNOWN */
    uint32_t version;
    uint32_t seeks;          /* 1: the reader may ask for offsets */
    uint32_t capacity_bytes; /* a power of two */
    uint32_t history_bytes;  /* kept behind the reader; what is left of the capacity is read ahead */
} st_stream_format;

/* Second page: one line per side. */
typedef struct st_stream_words {
    _Alignas(64) _Atomic uint64_t base_offset; /* owner of this line: writer */
    _Atomic uint64_t write_pos;
    _Atomic uint64_t epoch;        /* that the words above and these two are of */
    _Atomic uint32_t ended;        /* 1: the stream ends at write_pos */
    _Atomic uint32_t failure;      /* StStatusCode: it goes no further than write_pos; 0: it does */
    _Atomic uint64_t writer_wants; /* 0 awake, else the read_pos waited for */
    _Atomic uint32_t writer_bell;  /* anyone who wakes the writer, and the writer lying down */
    _Alignas(64) _Atomic uint64_t read_pos; /* owner of this line: reader */
    _Atomic uint64_t read_epoch;            /* that read_pos is of */
    _Atomic uint64_t seek_offset;
    _Atomic uint64_t seek_epoch;   /* that the reader wants, from seek_offset on */
    _Atomic uint64_t reader_wants; /* 0 awake, else the write_pos waited for */
    _Atomic uint32_t reader_bell;
} st_stream_words;

typedef enum st_stream_side { ST_STREAM_HOST = 0, ST_STREAM_WRITER = 1, ST_STREAM_READER = 2 } st_stream_side;

typedef enum st_stream_result {
    ST_STREAM_OK = 0,
    ST_STREAM_EMPTY = 1,      /* nothing yet; the peer has to do something first */
    ST_STREAM_ASKED = 2,      /* writer: the reader wants another offset */
    ST_STREAM_ENDED = 3,      /* reader: no byte is there or will come at this position */
    ST_STREAM_FAILED = 4,     /* reader: the source failed here */
    ST_STREAM_AWAY = 5,       /* reader: not within what this epoch holds or will hold next; ask */
    ST_STREAM_IMPOSSIBLE = 6, /* the peer's words break the rules above */
    ST_STREAM_BAD_FORMAT = 7, /* the format page contradicts itself or the segment's size */
    ST_STREAM_SYSTEM = 8      /* mmap or fstat failed; errno says why */
} st_stream_result;

typedef struct st_stream {
    st_stream_format format; /* private copy */
    st_stream_side side;
    st_stream_words *words;
    uint8_t *bytes; /* null for the host; read-only memory for the reader */
    void *map;
    size_t map_bytes;
    uint64_t epoch;     /* answered (writer), wanted (reader): the truth, never read back */
    uint64_t base;      /* where that epoch begins */
    uint64_t own_pos;   /* write_pos of the writer, read_pos of the reader: the truth, never read back */
    uint64_t seen_peer; /* last checked read_pos (writer) or write_pos (reader) of that epoch */
    uint64_t cursor;    /* reader: where the next byte is taken; at most `history` behind own_pos, or away */
    uint64_t asked;     /* reader: the offset of its own last question; ST_STREAM_UNKNOWN: a forerunner's */
    uint32_t taken;     /* reader: the epoch is answered, and read_pos is of it. Writer: it saw that */
    uint32_t ended;     /* writer: it has told the end of this epoch */
    uint32_t last_rung; /* the peer's bell after our last ring; valid when has_rung */
    uint32_t has_rung;
} st_stream;

/*
 * Bytes of a segment for this format, 0 when the format contradicts itself.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: 0
 */
size_t st_stream_segment_bytes(const st_stream_format *format);

/*
 * Writes the format page of a fresh segment. Host only, once.
 * thread: any
 * realtime: no
 * owned: the descriptor stays the caller's
 * valid until: return
 * errors: BAD_FORMAT, SYSTEM
 */
st_stream_result st_stream_format_segment(int fd, const st_stream_format *format);

/*
 * Maps a stream for one side: format page read-only, bytes read-only for the reader and not at all for the host. Takes over
 * where this side's words stand, after checking them: a writer at write_pos, a reader at the begin of a stream that can
 * seek, else at read_pos.
 * thread: any
 * realtime: no
 * owned: the descriptor stays the caller's and may be closed; the mapping is the face's until st_stream_unmap
 * valid until: st_stream_unmap
 * errors: BAD_FORMAT, IMPOSSIBLE, SYSTEM
 */
st_stream_result st_stream_map(st_stream *stream, int fd, st_stream_side side);

/*
 * Unmaps; twice is fine.
 * thread: the face's
 * realtime: no
 * owned: the mapping is gone
 * valid until: return
 * errors: none
 */
void st_stream_unmap(st_stream *stream);

/*
 * Clears this side's own wants and rings the peer without condition: at attach. The writer's also takes back a failure that
 * its forerunner told.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_stream_greet(st_stream *stream);

/*
 * Rings one side's bell from another thread, whatever it waits for.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_stream_ring(st_stream_words *words, st_stream_side side);

/* ---- writer ---- */

/*
 * Whether the reader wants another offset.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: answered
 * errors: 0
 */
int st_stream_is_asked(const st_stream *stream);

/*
 * Bytes that may be written now.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: the reader only ever makes it more, or asks
 * errors: ASKED, IMPOSSIBLE
 */
st_stream_result st_stream_room(st_stream *stream, uint32_t *out_bytes);

/*
 * Begins the epoch that the reader asked for, at the offset that it wants.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: IMPOSSIBLE
 */
st_stream_result st_stream_answer(st_stream *stream);

/*
 * Copies bytes in behind what is published, publishes them, and rings a reader that waits for so many. The caller has
 * checked the room.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_stream_put(st_stream *stream, const uint8_t *bytes, uint32_t count);

/*
 * Says that this epoch goes no further than what is published: it ends, or failed with `code`; rings the reader.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_stream_end(st_stream *stream);
void st_stream_fail(st_stream *stream, uint32_t code);

/* ---- reader ---- */

/*
 * How many bytes are there at the cursor. OK with at least one; else why there is none.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: the writer only ever makes it more
 * errors: EMPTY, ENDED, FAILED, AWAY, IMPOSSIBLE
 */
st_stream_result st_stream_look(st_stream *stream, uint32_t *out_bytes);

/*
 * Copies bytes out at the cursor and moves it; publishes what was consumed by that, and rings a writer that waits for so
 * much. The caller has looked.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_stream_take(st_stream *stream, uint8_t *bytes, uint32_t count);

/*
 * Asks the writer for the bytes at the cursor, for a stream that can seek.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_stream_ask(st_stream *stream);

/* ---- both ---- */

/*
 * Sleeps until the writer has `bytes` of room or is asked, or the reader has a byte at its cursor (it is woken when
 * `bytes` are there, or the writer lies down) or knows that none will come; at most until deadline_ns. EMPTY: not yet;
 * then it was interrupted, or the deadline has passed.
 * thread: the face's
 * realtime: yes (it is the wait itself)
 * owned: nothing
 * valid until: return
 * errors: EMPTY, IMPOSSIBLE; what st_stream_room or st_stream_look say
 */
st_stream_result st_stream_wait(st_stream *stream, uint32_t bytes, const _Atomic uint32_t *interrupt, int64_t deadline_ns);

/* ---- host ---- */

/*
 * For a stream without a writer: what the reader wants from now on fails with `code`; rings it.
 * thread: any
 * realtime: yes
 * owned: the writer's words, while there is no writer
 * valid until: a writer attaches
 * errors: none
 */
void st_stream_abandon(st_stream *stream, uint32_t code);

_Static_assert(sizeof(st_stream_format) == 32, "st_stream_format");
_Static_assert(offsetof(st_stream_words, read_pos) == 64, "one line per side");
_Static_assert(sizeof(st_stream_words) == 128, "st_stream_words");

#endif
