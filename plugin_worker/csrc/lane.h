/*
 * lane.h: what the runtime knows of one instance's owner thread, in C, so that pumps and host callbacks need no Python.
 */
#ifndef ST_WORKER_LANE_H
#define ST_WORKER_LANE_H

#include <stdatomic.h>
#include <stdint.h>

#include <stellatune/stellatune.h>

#include "byte_stream.h"
#include "ring.h"
#include "status_page.h"

/* Numbers of shm_audio.CALLS that C code itself writes. */
typedef enum st_call {
    ST_CALL_NONE = 0,
    ST_CALL_CREATE = 1,
    ST_CALL_OPEN = 2,
    ST_CALL_GET_INFO = 3,
    ST_CALL_GET_METADATA = 4,
    ST_CALL_READ = 5,
    ST_CALL_PROCESS = 7,
    ST_CALL_WRITE = 11,
    ST_CALL_QUERY = 12,
    ST_CALL_EXPORT = 17,
    ST_CALL_DESTROY = 19,
    ST_CALL_STREAM_READ = 28,
    ST_CALL_STREAM_SEEK = 29
} st_call;

#define ST_TIMED_EVERY 16u

/* One per instance; used by its lane thread, but for the two flags. */
typedef struct st_lane {
    _Atomic uint32_t interrupt; /* control thread: leave the pump at the next block boundary */
    _Atomic uint32_t cancelled; /* control thread: the call in progress should give up */
    uint64_t instance;
    int64_t timed_from_ns; /* begin of a call that is timed; 0: it is not */
    st_lane_status *status;
    const st_stream *fills; /* a source's lane, while its pump runs; null: none does */
    void (*plugin_free)(void *ptr, size_t len, size_t align);
} st_lane;

/*
 * Maps the worker's status page for writing; null with errno on failure.
 * thread: any
 * realtime: no
 * owned: the mapping is the process's for life
 * valid until: the process ends
 * errors: null
 */
st_status_page *st_status_attach(int fd);

/*
 * Counts one message handled by the control thread.
 * thread: control
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_status_beat(st_status_page *page);

/*
 * Makes `lane` the calling thread's, with status line `slot` for `instance`; leaves it again.
 * thread: the lane's own
 * realtime: no
 * owned: the lane stays the caller's and must outlive its thread
 * valid until: st_lane_leave
 * errors: none
 */
void st_lane_enter(st_lane *lane, st_status_page *page, uint32_t slot, uint64_t instance);
void st_lane_leave(st_lane *lane);

/*
 * The calling thread's lane, null on threads that are none (a plugin's own).
 * thread: any
 * realtime: yes
 * owned: the lane's thread
 * valid until: st_lane_leave
 * errors: null
 */
st_lane *st_lane_current(void);

/*
 * Whether a call into the plugin may begin: this is the lane's own thread, and it is in no call. Exact without atomics:
 * `call` is only ever written by the one thread that comes so far.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: 0 when it must not
 */
int st_lane_may_call(const st_lane *lane);

/*
 * Marks the begin and the end of a call into the plugin. A pump marks its calls without the time, which costs as much as
 * the rest: whoever watches sees call_seq stand still. Of one read, process or write in ST_TIMED_EVERY the time is taken.
 * thread: the lane's own; what comes from another is refused
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: st_call_begin: -1 where the lane may not call, and nothing is marked then
 */
int st_call_begin(st_lane *lane, uint32_t call);
void st_call_mark(st_lane *lane, uint32_t call);
void st_call_end(st_lane *lane);

/*
 * From a control thread: sets the interrupt flag and rings the stage's own bell of one of its rings; to be called for each,
 * as the stage may sleep on any.
 * thread: control, while the lane holds its rings
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_lane_interrupt(st_lane *lane, st_ring *ring);

/*
 * As above, for the one thing that a source's pump sleeps on, and for the other that a decoder waits for.
 * thread: control, while the lane holds its stream
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_lane_interrupt_stream(st_lane *lane, st_stream *stream);

/*
 * Whether the call in progress should give up: it is cancelled, or it is a source's read or seek and its lane is called
 * out, or the reader wants another offset.
 * thread: the lane's own
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
int st_lane_gives_up(const st_lane *lane);

/*
 * Shows whoever watches that the lane lives, while it waits in the middle of a call for somebody else.
 * thread: the lane's own
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_lane_still_waits(st_lane *lane);

/*
 * Clears the interrupt before the lane enters its pump; says whether the call in progress should give up.
 * thread: the lane's own; control for the second
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_lane_clear_interrupt(st_lane *lane);
void st_lane_set_cancelled(st_lane *lane, uint32_t cancelled);

#endif
