/*
 * host_face.h: the host's looks at rings and status pages, in plain numbers for Python.
 */
#ifndef ST_SHM_HOST_FACE_H
#define ST_SHM_HOST_FACE_H

#include "byte_stream.h"
#include "ring.h"
#include "status_page.h"
#include "wake.h"

#define ST_STATUS_BYTES sizeof(st_status_page)

/* One lane's line, copied. */
typedef struct st_lane_hint {
    uint64_t instance;
    uint32_t call;
    uint32_t call_seq;
    int64_t began_ns;
    uint64_t blocks;
    uint64_t scrubbed_samples;
    uint64_t clipped_samples;
    uint64_t silence_frames;
    uint32_t xruns;
    uint32_t queued_frames;
    uint64_t failed_blocks;
    uint64_t timed_calls;
    uint64_t timed_ns;
} st_lane_hint;

/* The crash record, copied once; `slot` and `frames` are in range. */
typedef struct st_crash_hint {
    uint32_t stage;
    int32_t signal;
    int32_t si_code;
    int32_t sender;
    int32_t slot;
    uint32_t frames;
    uint64_t address;
    uint64_t stack;
    uint64_t frame[ST_CRASH_FRAMES];
} st_crash_hint;

/*
 * Copies the three positions, each loaded once: retain, then read, then write, so that retain <= read <= write holds in
 * the copy of an honest ring.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: IMPOSSIBLE when the order does not hold
 */
st_ring_result st_ring_look(const st_ring *ring, uint64_t *out_write, uint64_t *out_read, uint64_t *out_retain);

/*
 * st_ring_wait with a plain word as the interrupt flag.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: as st_ring_wait
 */
st_ring_result st_ring_wait_for(st_ring *ring, uint32_t frames, uint32_t *interrupt, int64_t deadline_ns);

/* All words of a byte stream that say where it stands, each loaded once. */
typedef struct st_stream_hint {
    uint64_t base_offset;
    uint64_t write_pos;
    uint64_t epoch;
    uint64_t read_pos;
    uint64_t read_epoch;
    uint64_t seek_offset;
    uint64_t seek_epoch;
    uint32_t ended;
    uint32_t failure;
} st_stream_hint;

/*
 * Copies the words of a byte stream; a hint, as both sides go on meanwhile.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_stream_hint_at(const st_stream *stream, st_stream_hint *out);

/*
 * st_stream_wait with a plain word as the interrupt flag.
 * thread: the face's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: as st_stream_wait
 */
st_stream_result st_stream_wait_for(st_stream *stream, uint32_t bytes, uint32_t *interrupt, int64_t deadline_ns);

/*
 * Writes the header of a fresh status segment.
 * thread: any
 * realtime: no
 * owned: the descriptor stays the caller's
 * valid until: return
 * errors: -1 with errno
 */
int st_status_format(int fd);

/*
 * Maps a status page read-only, null with errno on failure; unmaps it.
 * thread: any
 * realtime: no
 * owned: the mapping is the caller's until st_status_unmap
 * valid until: st_status_unmap
 * errors: null
 */
void *st_status_map(int fd);
void st_status_unmap(void *page);

/*
 * The heartbeat count, and one lane's line; 0 when the line is free.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
uint64_t st_status_heartbeat(void *page);
int st_status_lane(void *page, uint32_t slot, st_lane_hint *out);

/*
 * The crash record; 0 when nothing crashed so far. Frames are given from the traced stage on; the first one before, too.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
int st_status_crash(void *page, st_crash_hint *out);

#endif
