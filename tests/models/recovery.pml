/*
 * recovery.pml: decode -> dsp -> sink, each of which may die between any two accesses to shared memory; the words that the
 * sink takes are those of the undisturbed run.
 *
 * Models, access by access: move_block and the checkpoint after it (plugin_worker/csrc/dsp_pump.c), st_ring_publish_write,
 * st_ring_publish_read with retain_pos moved by history alone (read - history), st_ring_room (shm_audio/csrc/ring.c),
 * st_checkpoint_put (shm_audio/csrc/checkpoint.c: clear `valid` of the older slot, fill, set `valid`); AttachDsp with
 * state_slot and replay_from, and st_dsp_take_over (dsp_takeover.c), which keeps the state at once when it replayed more than
 * an interval (this model found that deaths in one checkpoint after the other would otherwise leave none in the history); what
 * the host does with a dead dsp: check its words, choose the newest usable slot (valid, in.retain <= position <= out.write),
 * replay [C, out.write), in.read = out.write also when the death fell between the two publishes. Positions count blocks. A
 * dsp's state is the number of blocks that it has been fed, each of which must be the right one. Exports may fail; a stage
 * left without a usable slot is then no longer exact, which the host tells.
 *
 * Left out: sleeping and waking (wake.pml; here a lane simply waits for its condition), epochs and flushes, the checksum of a
 * slot (the order of writes must do without it), partial blocks, weak memory, deaths of the host.
 */
#ifndef END
#define END 5
#endif
#define AHEAD 2
#define INTERVAL 1             /* blocks between checkpoints */
#define HISTORY 2              /* at least two intervals */
#if defined(BUG_NO_RETAIN)
#define CAPACITY AHEAD
#elif defined(BUG_SMALL_CAPACITY)
#define CAPACITY (AHEAD + HISTORY - 1)
#else
#define CAPACITY (AHEAD + HISTORY + 2)
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef FAILS
#define FAILS 0                /* exports that fail */
#endif

#define TORN 100
#define NOBODY 0
#define DECODE 1
#define DSP 2
#define SINK 3
#define NO_SLOT 2

byte w0, r0, t0, w1, r1;       /* write, read and retain positions of the rings before and after the dsp */
byte in[CAPACITY], out[CAPACITY];
byte slot_at[2], slot_state[2];
bit valid[2];
byte fresh_at;                 /* where the stage was last known to be without a past */
byte victim = NOBODY;
bit dead[4];
byte kills, fails;
bit inexact;                   /* told by the host */

#define SLOT_OF(n) ((n) % CAPACITY)

#ifdef BUG_NO_RETAIN
#define ROOM0 (w0 - r0 < AHEAD)
#else
#define ROOM0 (w0 - r0 < AHEAD && w0 - t0 < CAPACITY)
#endif

proctype Decode() {
    {
        do
        :: w0 == END -> break
        :: w0 < END && ROOM0 ->
            in[SLOT_OF(w0)] = TORN;
            in[SLOT_OF(w0)] = w0;
            w0 = w0 + 1
        od
    } unless { victim == DECODE };
    atomic { if :: victim == DECODE -> victim = NOBODY; dead[DECODE] = 1 :: else fi }
}

inline keep_checkpoint() {
    if
    :: fails < FAILS -> fails++
    :: true ->
#ifndef BUG_NO_INVALIDATE
        valid[next] = 0;
#endif
#ifdef BUG_VALID_FIRST
        valid[next] = 1;
#endif
        slot_at[next] = p;
        slot_state[next] = state;
        valid[next] = 1;
#ifndef BUG_ONE_SLOT
        next = 1 - next
#endif
    fi
}

inline move_retain() {
#ifdef BUG_RETAIN_EAGER
    t0 = p
#else
    if :: p > HISTORY && p - HISTORY > t0 -> t0 = p - HISTORY :: else fi
#endif
}

/* `from` and `slot` are what the host chose; the words of both sides are this lane's. */
proctype Dsp(byte from, slot, at) {
    byte p, q, state, next, block;                   /* own_pos of output and input */
    {
        if
        :: slot == NO_SLOT -> state = 0; next = (valid[0] -> (valid[1] && slot_at[1] < slot_at[0] -> 1 : (valid[1] -> 0 : 1)) : 0)
        :: else -> state = slot_state[slot];
#ifdef BUG_NEWER_SLOT
            next = slot
#else
            next = 1 - slot
#endif
        fi;
        assert(from >= t0 && from <= at);            /* what _expect_takeover refuses */
        p = from;
        do                                           /* replay, output thrown away */
        :: p < at ->
            block = in[SLOT_OF(p)];
            assert(block == p);
            assert(inexact || state == p);
            state++; p++
        :: else -> break
        od;
#ifndef BUG_NO_CATCH_UP
        if :: r0 < p -> r0 = p; move_retain() :: else fi;
#endif
        q = r0;
#ifndef BUG_NO_CHECKPOINT_AT_TAKEOVER
        if :: at - from > INTERVAL -> keep_checkpoint() :: else fi;
#endif
        do
        :: w0 > p && w1 - r1 < AHEAD ->              /* also the last block: what comes after the end ends it */
            block = in[SLOT_OF(q)];
            assert(block == p);
            assert(inexact || state == p);
            state++;
#ifdef BUG_PUBLISH_EARLY
            w1 = w1 + 1;
#endif
            out[SLOT_OF(p)] = TORN;
            out[SLOT_OF(p)] = p;
#ifdef BUG_READ_FIRST
            q++;
            r0 = q;
#endif
#ifndef BUG_PUBLISH_EARLY
            w1 = w1 + 1;
#endif
#ifndef BUG_READ_FIRST
            q++;
            r0 = q;
#endif
            p++;
            move_retain();
            if :: p % INTERVAL == 0 -> keep_checkpoint() :: else fi;
            block = 0
        :: p == END -> break
        od
    } unless { victim == DSP };
    atomic { if :: victim == DSP -> victim = NOBODY; dead[DSP] = 1 :: else fi }
}

proctype Sink() {
    byte block;
    {
        do
        :: r1 == END -> break
        :: r1 < END && w1 > r1 ->
            block = out[SLOT_OF(r1)];
            assert(block == r1);
            block = 0;
            r1 = r1 + 1
        od
    } unless { victim == SINK };
    atomic { if :: victim == SINK -> victim = NOBODY; dead[SINK] = 1 :: else fi }
}

#ifdef BUG_STALE_USABLE
#define USABLE(n) (valid[n] && slot_at[n] <= w1)
#else
#define USABLE(n) (valid[n] && slot_at[n] >= t0 && slot_at[n] <= w1)
#endif

/* Its own step: nothing of a dead stage moves. */
inline recover_dsp() {
    atomic {
        dead[DSP] = 0;
#ifndef BUG_NO_CATCH_UP
        assert(r0 <= w1 && w1 <= r0 + 1 && w1 <= w0);
#endif
        assert(t0 <= r0 && r0 - t0 <= HISTORY + kills);   /* a block more by each death before retain_pos */
        if
        :: USABLE(0) && !(USABLE(1) && slot_at[1] > slot_at[0]) -> slot = 0; from = slot_at[0]
        :: USABLE(1) && !(USABLE(0) && slot_at[0] >= slot_at[1]) -> slot = 1; from = slot_at[1]
        :: else -> slot = NO_SLOT; from = t0;
            if :: t0 > fresh_at -> assert(FAILS > 0); inexact = 1 :: else fi
        fi;
        run Dsp(from, slot, w1);
        slot = 0; from = 0
    }
}

active proctype Host() {
    byte slot, from;
    atomic { run Decode(); run Dsp(0, NO_SLOT, 0); run Sink() };
    do
    :: atomic { kills < KILLS && victim == NOBODY && r1 < END -> kills++;
                if
#ifndef ONLY_DSP_DIES
                :: !dead[DECODE] && w0 < END -> victim = DECODE
                :: !dead[SINK] -> victim = SINK
#endif
                :: !dead[DSP] && w1 < END -> victim = DSP
                :: else
                fi }
    :: atomic { dead[DECODE] -> dead[DECODE] = 0; run Decode() }
    :: dead[DSP] -> recover_dsp()
#ifdef BUG_NO_FENCING
    :: atomic { kills < KILLS && w1 < END -> kills++ }; recover_dsp()    /* thought dead */
#endif
    :: atomic { dead[SINK] -> dead[SINK] = 0; run Sink() }
    :: r1 == END -> break
    od;
    victim = NOBODY
}
