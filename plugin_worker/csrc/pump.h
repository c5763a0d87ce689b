/*
 * pump.h: the three loops that move audio through an instance, without the GIL, and why they come back.
 *
 * A pump runs on its lane's thread. It allocates nothing, takes no lock, writes no log but through the outbox, and never
 * waits without a deadline. Plugins work in scratch; only trusted code touches the rings.
 */
#ifndef ST_WORKER_PUMP_H
#define ST_WORKER_PUMP_H

#include "checkpoint.h"
#include "convert.h"
#include "digest.h"
#include "lane.h"
#include "ramp.h"
#include "ring.h"
#include "scratch.h"

typedef enum st_stop_reason {
    ST_STOP_INTERRUPTED = 1,   /* a command waits */
    ST_STOP_END_OF_STREAM = 2, /* decode: all that the source gives is in the ring */
    ST_STOP_FINISHED = 3,      /* decode: padded to finish_at; sink: the end is reached, playing out is the lane's */
    ST_STOP_PLUGIN_ERROR = 4,
    ST_STOP_CONTRACT = 5,
    ST_STOP_RING = 6,
    ST_STOP_DIGEST = 7         /* sink: cut_at is reached; the lane takes the digest and goes on */
} st_stop_reason;

#define ST_STOP_TEXT_BYTES 1000u
#define ST_NO_POSITION UINT64_MAX

/* Why a pump came back. */
typedef struct st_stop {
    uint32_t reason; /* st_stop_reason */
    int32_t code;    /* of the plugin's status */
    uint32_t text_len;
    char text[ST_STOP_TEXT_BYTES];
} st_stop;

typedef struct st_decode {
    st_ring output;
    st_scratch scratch;
    st_convert *convert;
    const StDecoderInstanceVTable *vtable;
    void *handle;
    uint32_t channels;     /* of the source */
    uint32_t chunk_frames; /* read at once */
    uint64_t skip_frames;  /* of the source, still to be dropped */
    int64_t take_frames;   /* of the source, still wanted; negative: all */
    uint64_t finish_at;    /* pad with silence up to here; ST_NO_POSITION: no */
    const float *pending;  /* converted, not yet in the ring */
    uint32_t pending_frames;
    uint32_t source_ended;
} st_decode;

typedef struct st_dsp {
    st_ring input, output;
    st_scratch scratch;
    const StDspInstanceVTable *vtable;
    void *handle;
    uint32_t wake_frames;
    uint32_t errors; /* blocks passed on as they were, because process failed */
} st_dsp;

typedef struct st_sink {
    st_ring input;
    st_scratch scratch;
    st_ramp volume;
    st_digest *digest;
    const StOutputSinkInstanceVTable *vtable;
    void *handle;
    uint64_t digest_from; /* position where the running digest began */
    uint64_t cut_at;      /* ST_NO_POSITION: no cut wanted */
    uint64_t finish_at;
    int64_t silence_after_ns; /* 0: never */
    uint32_t wake_frames;
    uint32_t chunk_frames;
    uint32_t pending_frames; /* in scratch from pending_at on, not yet accepted */
    uint32_t pending_at;
    uint32_t since_query;
    uint32_t starved;
    uint32_t started; /* something was accepted */
} st_sink;

/*
 * Reads, converts and publishes until a reason to stop comes up. `stop` says which.
 * thread: the lane's own
 * realtime: yes (but for libsoxr)
 * owned: the stage's parts stay the lane's
 * valid until: return
 * errors: in stop
 */
void st_decode_pump(st_lane *lane, st_decode *stage, st_stop *stop);

/*
 * Takes whole blocks from in to out through the plugin.
 * thread: the lane's own
 * realtime: yes
 * owned: the stage's parts stay the lane's
 * valid until: return
 * errors: in stop
 */
void st_dsp_pump(st_lane *lane, st_dsp *stage, st_stop *stop);

/*
 * Gives frames to the sink until `finish_at`.
 * thread: the lane's own
 * realtime: yes
 * owned: the stage's parts stay the lane's
 * valid until: return
 * errors: in stop
 */
void st_sink_pump(st_lane *lane, st_sink *stage, st_stop *stop);

/* ---- shared by the pumps ---- */

/*
 * Waits of pumps: long enough that an idle pipeline stays asleep, yet bounded.
 */
#define ST_PUMP_WAIT_NS 10000000000ll

/*
 * Sleeps on a ring for `frames`, after ringing the peer of `other` (may be null) and its own, if they sleep before a block.
 * *deadline_ns is moved on when it has passed, so that the clock is read then only. 1 when the pump must stop.
 * thread: the lane's own
 * realtime: yes (it is the wait itself)
 * owned: nothing
 * valid until: return
 * errors: in stop
 */
int st_pump_sleep(st_lane *lane, st_ring *ring, st_ring *other, uint32_t frames, int64_t *deadline_ns, st_stop *stop);

/*
 * Fills `stop`. A ring result other than OK and TIMEOUT becomes a reason; plugin statuses are copied, and their text freed.
 * thread: the lane's own
 * realtime: yes (the plugin's free aside)
 * owned: the status's text is freed
 * valid until: return
 * errors: none
 */
void st_stop_for(st_stop *stop, st_stop_reason reason);
void st_stop_contract(st_stop *stop, const char *text);
int st_stop_for_ring(st_stop *stop, st_ring_result result);
void st_stop_for_status(st_lane *lane, st_stop *stop, StStatus status);
void st_status_free(st_lane *lane, StStatus status);

/*
 * Whether a command waits; fills `stop` then.
 * thread: the lane's own
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
int st_interrupted(const st_lane *lane, st_stop *stop);

#endif
