/*
 * swap.pml: a dsp in full flow is replaced, successor first, by one in another process; whatever dies or is late meanwhile,
 * exactly one of them writes and the words are those of the undisturbed run.
 *
 * Models: HoldStage with its final checkpoint, ReleaseStage, AttachDsp (plugin_worker/capabilities/dsp.py, stage.py) and the
 * host's side of a planned swap (PIPELINE.md, host/playback): start, load and create the successor; hold the old at D; its
 * final checkpoint; import and attach the successor at D; only then destroy the old. A failure or a deadline before that ends
 * the successor and releases the old, but only when the ring after still stands at D: a successor that has moved a block is
 * the stage, and if it then dies it is recovered. An old one that dies while held is replaced by the successor. Each lane is
 * killed at most once, between any two accesses; the host's deadline may strike before or after the reply to attach.
 *
 * A SIGKILL takes effect at some later moment; a reply that was sent before a death is read before the death is judged.
 *
 * Left out: sleep and wake (wake.pml), the order of writes inside a checkpoint and the retained input (recovery.pml; here a
 * checkpoint is one step and all input is kept), the gain ramp, weak memory. Replies cannot be lost, only late.
 */
#define END 3
#define AHEAD 2
#ifndef KILLS
#define KILLS 1
#endif

#define OLD 0
#define NEW 1
#define THIRD 2                  /* by recovery, after the swap */
#define NOBODY 3
#define NOT_KEPT 100

mtype = { ABSENT, READY, ATTACHING, PUMPING, HELD, GONE };
mtype stands[3] = ABSENT;
byte w0, r0, w1, r1;             /* words of the rings before and after the stage */
byte out[END];
byte kept_at = NOT_KEPT, kept_state;   /* newest usable checkpoint; none yet */
bit hold[3], release[3], attach[3];
byte from[3];
byte victim = NOBODY, kills;
bit signalled[3], replied[3];
bit planned, swapped, refused;

active proctype Decode() { do :: w0 == END -> break :: w0 < END && w0 - r0 < AHEAD -> w0 = w0 + 1 od }

active proctype Sink() {
end: do
    :: r1 == END -> break
    :: r1 < END && w1 > r1 -> assert(out[r1] == r1 + 1); r1 = r1 + 1
    od
}

inline keep_checkpoint() { atomic { kept_at = p; kept_state = state } }

proctype Dsp(byte me) {
    byte p, state;
    {
        stands[me] = READY;
        attach[me] == 1;
        stands[me] = ATTACHING;
        atomic { p = w1; state = (from[me] == NOT_KEPT -> 0 : kept_state); assert(from[me] == NOT_KEPT || from[me] == kept_at) };
        assert(me != NEW || !planned || state == p);                 /* nothing to replay: it is there in time */
#ifndef BUG_NO_REPLAY
        do :: state < p -> state++ :: else -> break od;
#endif
        r0 = p;
        replied[me] = 1;                                             /* sent before the first block moves */
        stands[me] = PUMPING;
end:    do
        :: hold[me] ->
#ifndef BUG_NO_FINAL_CHECKPOINT
            keep_checkpoint();
#endif
            stands[me] = HELD;
            (release[me]);
            atomic { release[me] = 0; hold[me] = 0; p = w1 };        /* adopts the words as they stand */
            assert(r0 == p);                                         /* expect_aligned */
            stands[me] = PUMPING
        :: !hold[me] && w0 > p && w1 - r1 < AHEAD ->
            assert(state == p);
            assert(w1 == p);                                         /* nobody else writes */
            state++;
            out[p] = state;
            w1 = p + 1;
            r0 = p + 1;
            p++;
            if :: keep_checkpoint() :: true fi
        od
    } unless { victim == me };
    atomic { victim = NOBODY; signalled[me] = 0; stands[me] = GONE }
}

/* Whoever kills from outside, and the kernel that carries it out. */
active proctype Killer() {
end: do
    :: atomic { kills < KILLS && w1 < END -> kills++;
                if
                :: stands[OLD] != GONE && stands[OLD] != ABSENT -> signalled[OLD] = 1
                :: stands[NEW] != GONE && stands[NEW] != ABSENT -> signalled[NEW] = 1
                :: else
                fi }
    :: atomic { signalled[OLD] && victim == NOBODY -> signalled[OLD] = 0; victim = OLD }
    :: atomic { signalled[NEW] && victim == NOBODY -> signalled[NEW] = 0; victim = NEW }
    od
}

#define KNOWN_DEAD(who) (stands[who] == GONE)

/* SIGKILL, and back only when it is known dead. */
inline end(who) {
    atomic { if :: !KNOWN_DEAD(who) && victim != who -> signalled[who] = 1 :: else fi };
#ifndef BUG_NO_FENCING
    KNOWN_DEAD(who)
#endif
}

inline attach_at_the_word(who) {
    atomic {
        from[who] = kept_at;
        attach[who] = 1
    }
}

/* After the swap the stage is whoever pumps; found dead, it is replaced once more. */
inline recover(dying) {
    KNOWN_DEAD(dying);
    run Dsp(THIRD);
    stands[THIRD] == READY;
    attach_at_the_word(THIRD)
}

active proctype Host() {
    byte held_at;
    atomic { run Dsp(OLD); from[OLD] = NOT_KEPT; attach[OLD] = 1 };
    (stands[OLD] == PUMPING || KNOWN_DEAD(OLD));
    run Dsp(NEW);
    (stands[NEW] == READY || KNOWN_DEAD(NEW));
    if
    :: KNOWN_DEAD(NEW) -> refused = 1                                  /* class D: the old was never touched */
    :: else ->
#ifndef BUG_ATTACH_BEFORE_HELD
        hold[OLD] = 1;
        (stands[OLD] == HELD || KNOWN_DEAD(OLD));
#endif
        atomic { held_at = w1; planned = (stands[OLD] == HELD) };
        attach_at_the_word(NEW);
        if
        :: replied[NEW] -> swapped = 1
        :: KNOWN_DEAD(NEW) && !replied[NEW]
        :: !replied[NEW] -> end(NEW)                                   /* deadline; it may reply and pump before it dies */
        fi;
        if
        :: swapped -> end(OLD)
        :: !swapped && !KNOWN_DEAD(OLD) &&
#ifdef BUG_RELEASE_ALWAYS
            true
#else
            w1 == held_at && r0 == held_at
#endif
            -> refused = 1; release[OLD] = 1
        :: else -> end(OLD); swapped = 1                               /* the successor's words are the truth */
        fi
    fi;
    if
    :: r1 == END
    :: atomic { refused && KNOWN_DEAD(OLD) -> skip }; recover(OLD)
    :: atomic { swapped && KNOWN_DEAD(NEW) -> skip }; recover(NEW)
    fi;
    r1 == END
}
