/*
 * pump.h: the loops that move audio through an instance, without the GIL, and why they come back.
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
#include "stream_io.h"

typedef enum st_stop_reason {
    ST_STOP_INTERRUPTED = 1,   /* a command waits */
    ST_STOP_END_OF_STREAM = 2, /* decode: all that the source gives is in the ring */
    ST_STOP_FINISHED = 3,      /* decode: padded to finish_at; sink: the end is reached, playing out is the lane's */
    ST_STOP_PLUGIN_ERROR = 4,
    ST_STOP_CONTRACT = 5,
    ST_STOP_RING = 6,
    ST_STOP_DIGEST = 7,        /* sink: cut_at is reached; the lane takes the digest and goes on */
    ST_STOP_SWITCH = 8,        /* dsp, sink: switch_at is reached; the lane makes the next ring the input and goes on.
                                  mix: the fade is over, and so with the second ring */
    ST_STOP_LIMIT = 9,         /* mix: the next block would go beyond the limit; the lane waits to be told another */
    ST_STOP_CUT = 10           /* decode: called out of a wait for its stream; the decoder is of no use any more */
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
    st_stream_io *input;   /* where it reads a byte stream; else null */
    uint32_t broken_input; /* st_stream_trouble: nothing more is asked of the decoder */
    uint32_t channels;     /* of the source */
    uint32_t chunk_frames; /* read at once */
    uint64_t silence_frames; /* of the ring, still to be written first */
    uint64_t skip_frames;  /* of the source, still to be dropped */
    uint64_t drop_frames;  /* of what conversion gives, still to be dropped */
    st_ramp gain;          /* of what is left of it; stands */
    int64_t take_frames;   /* of the source, still wanted; negative: all */
    uint64_t finish_at;    /* pad with silence up to here; ST_NO_POSITION: no */
    st_scratch primed;     /* of the source, read before the stage joined its ring */
    uint32_t primed_frames, primed_at; /* so many, and so many of them are used */
    uint32_t primed_ended; /* the source ends behind them */
    float *pending;        /* converted, not yet in the ring */
    uint32_t pending_frames;
    uint32_t source_ended;
} st_decode;

/* How a dsp that takes over meets what was heard last; numbers of Join in abi/wire/stage.py. */
typedef enum st_join {
    ST_JOIN_NONE = 0,
    ST_JOIN_SETTLE = 1,
    ST_JOIN_RAMP = 2,
    ST_JOIN_FILL = 3,
    ST_JOIN_RISE = 4
} st_join;

/* In which form an instance exports its state. */
typedef enum st_state_form { ST_STATE_NONE = 0, ST_STATE_BLOB = 1, ST_STATE_JSON = 2 } st_state_form;

typedef struct st_dsp {
    st_ring input, output;
    st_scratch scratch;
    const StDspInstanceVTable *vtable;
    void *handle;
    uint32_t wake_frames;
    uint32_t errors; /* blocks passed on as they were, because process failed */

    st_checkpoint checkpoint;
    uint8_t *exported;          /* private memory as long as a slot; null: no checkpoints */
    uint32_t state_form;        /* st_state_form */
    uint32_t checkpoint_frames;
    uint64_t checkpoint_at;     /* position of the next one; ST_NO_POSITION: never */
    uint64_t epoch, config_gen; /* that checkpoints are for */
    st_checkpoint_label kept;   /* the last one that was written */
    uint32_t unkept;            /* exports that failed or were too long */

    uint32_t join; /* st_join; NONE once it is over */
    uint32_t join_frames;
    uint64_t join_from; /* a ramp is dry before it, and the plugin is not called */
    uint32_t join_latency_frames; /* of its dry signal */
    uint64_t fade_from; /* from wet to dry; ST_NO_POSITION: stays wet. The plugin is not called once it is over */
    uint32_t fade_frames;
    uint32_t fade_latency_frames;
    st_ring next;       /* takes the input's place at switch_at */
    uint64_t switch_at; /* ST_NO_POSITION: none */
    st_scratch dry;                     /* RAMP, RISE, fade */
    float settle[ST_RING_MAX_CHANNELS]; /* SETTLE: how far the last frame heard was from the own signal */
} st_dsp;

typedef struct st_sink {
    st_ring input;
    st_scratch scratch;
    st_ramp volume;
    st_ramp volume_before; /* what is in scratch */
    st_digest *digest;
    const StOutputSinkInstanceVTable *vtable;
    void *handle;
    uint64_t digest_from; /* position where the running digest began */
    uint64_t cut_at;      /* ST_NO_POSITION: no cut wanted */
    uint64_t finish_at;
    st_ring next;       /* takes the input's place at switch_at */
    uint64_t switch_at; /* ST_NO_POSITION: none */
    int64_t silence_after_ns; /* 0: never */
    uint32_t wake_frames;
    uint32_t chunk_frames;
    uint32_t pending_frames; /* in scratch from pending_at on, not yet accepted; none while no pump runs */
    uint32_t pending_at;
    uint32_t since_query;
    uint32_t starved;
    uint32_t started; /* something was accepted */
    uint32_t starvations; /* times it starved */
    uint32_t underruns;   /* times the sink says it ran dry */
    uint32_t queued_frames; /* at the last query */
} st_sink;

/* Two rings into one. What comes out at a position depends on that position and on these numbers only. */
typedef struct st_mix {
    st_ring input, output;
    st_ring second;       /* heard from join_at on; takes the input's place when the fade is over. Unmapped: none */
    st_scratch scratch;   /* what comes out */
    st_scratch other;     /* of the second ring */
    uint64_t limit;       /* no block goes beyond it; ST_NO_POSITION: there is none */
    uint64_t join_at;     /* ST_NO_POSITION: there is no second ring */
    uint64_t fade_frames;
    uint64_t first_end;   /* the input is silent from there on, whatever its ring holds; ST_NO_POSITION: it is not */
    uint32_t wake_frames;
} st_mix;

/* A source's stream on its way into a segment. */
typedef struct st_feed {
    st_stream stream;
    st_scratch scratch; /* whole chunks */
    const StIoVTable *io;
    void *handle;
    uint32_t chunk_bytes; /* asked for at once */
    uint64_t io_pos;      /* where the plugin's io stands; ST_STREAM_UNKNOWN: nobody knows. What cannot seek is read up to
                             where the stream is written */
    uint32_t failed;      /* it said no where it stands: nothing more is asked of it here */
} st_feed;

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
 * Reads as much as `primed` holds, at most, before the stage joins its ring: the pump then begins with that.
 * thread: the lane's own, outside its pump
 * realtime: no (the plugin may open what it needs)
 * owned: the stage's parts stay the lane's
 * valid until: return
 * errors: in stop; its reason is 0 when all went well
 */
void st_decode_prime(st_lane *lane, st_decode *stage, st_stop *stop);

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
 * Calls process on scratch, which holds the block at `position`; when it fails, scratch holds the input again. The message
 * of the status is still to be freed.
 * thread: the lane's own
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: the plugin's
 */
StStatus st_dsp_process(st_lane *lane, st_dsp *stage, uint64_t position);

/*
 * Writes a checkpoint for where the stage stands, unless the last one is that; then sets when the next is due. A state that
 * cannot be exported or is too long is told once.
 * thread: the lane's own, at a block boundary
 * realtime: yes (the plugin's export aside)
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_dsp_keep(st_lane *lane, st_dsp *stage);
void st_dsp_expect_checkpoint(st_dsp *stage);

/*
 * Takes over at the output's write position: processes the input from `from` on again, output thrown away (FILL: kept, as
 * what was before), moves the input's read position there, and prepares the join; keeps its state at once when that was more than the frames between two
 * checkpoints. The caller has checked that these frames are kept.
 * thread: the lane's own, before its pump
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: 1 when it was cancelled
 */
int st_dsp_take_over(st_lane *lane, st_dsp *stage, uint64_t from);

/*
 * 1 while a ramp has not begun at `position`, or a fade is over: scratch then holds the dry block, and the plugin is not to
 * be called.
 * thread: the lane's own
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
int st_dsp_stays_dry(st_dsp *stage, uint64_t position);

/*
 * Mixes the join, and then the fade, into the block at `position` that was just processed, until they are over.
 * thread: the lane's own
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_dsp_join(st_dsp *stage, uint64_t position);

/*
 * Gives frames to the sink until `finish_at`. Where it comes back, nothing is on its way that was not accepted.
 * thread: the lane's own
 * realtime: yes
 * owned: the stage's parts stay the lane's
 * valid until: return
 * errors: in stop
 */
void st_sink_pump(st_lane *lane, st_sink *stage, st_stop *stop);

/*
 * Asks the sink how much it has accepted and not played, and writes that into the status line; what stands there where it
 * cannot say.
 * thread: the lane's own, outside its pump
 * realtime: yes
 * owned: the stage's parts stay the lane's
 * valid until: return
 * errors: none
 */
uint32_t st_sink_query(st_lane *lane, st_sink *stage);

/*
 * Passes the input on, from join_at on mixed with the second ring, whole blocks only. Calls nobody.
 * thread: the lane's own
 * realtime: yes
 * owned: the stage's parts stay the lane's
 * valid until: return
 * errors: in stop
 */
void st_mix_pump(st_lane *lane, st_mix *stage, st_stop *stop);

/*
 * Up to where the input is read: to the end of the fade, or its own; ST_NO_POSITION while there is no second ring.
 * thread: the lane's own
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
uint64_t st_mix_input_end(const st_mix *stage);

/*
 * Moves both read positions to where the output's write position says that they belong. The caller has checked that they are
 * no further, and that so much is there.
 * thread: the lane's own, before its pump
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_mix_take_over(st_mix *stage);

/*
 * Fills the stream from the plugin's io, and answers its reader's questions, until a reason to stop comes up. What the
 * plugin's io says that is no success is told the reader, too. Entered again after a PLUGIN_ERROR it waits for a question,
 * and tries at the offset that is asked for.
 * thread: the lane's own
 * realtime: yes (the plugin's io aside)
 * owned: the stage's parts stay the lane's
 * valid until: return
 * errors: in stop
 */
void st_feed_pump(st_lane *lane, st_feed *feed, st_stop *stop);

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
void st_stop_failed(st_stop *stop, int32_t code, const char *text);
int st_stop_for_ring(st_stop *stop, st_ring_result result);
void st_stop_for_status(st_lane *lane, st_stop *stop, StStatus status);
void st_status_free(st_lane *lane, StStatus status);

/*
 * Whether a pump must not begin, as the lane is in a call or not this thread's; fills `stop` then.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: in stop
 */
int st_pump_barred(const st_lane *lane, st_stop *stop);

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
