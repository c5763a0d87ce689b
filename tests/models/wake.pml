/*
 * wake.pml: sleeping and waking over one ring: nobody stays asleep while its peer has work for it.
 *
 * Models, access by access: st_ring_wait, ring_peer, ring_if_reached, st_ring_publish_write, st_ring_publish_read,
 * st_ring_before_sleep, st_ring_greet and st_ring_adopt (shm_audio/csrc/ring.c); st_futex_wait and st_futex_wake (wake.c);
 * st_lane_interrupt and st_lane_clear_interrupt (plugin_worker/csrc/lane.c) as Lane.submit and Lane._turn use them under
 * the door (plugin_worker/lane.py); hold and release (capabilities/stage.py). The writer is the decode pump, which publishes
 * any count; the reader is the sink pump, which stops at an exact end. Either may die between any two of its accesses and is
 * replaced; either may be held, and is released only when the other has taken all it can.
 *
 * Stores to positions and wants pass through a store buffer of one entry per lane, which empties at any later moment; a
 * fence or an atomic addition waits for that. A bell is not a number here but what is ever asked of it: does it still have
 * the value that its sleeper saw (`same`), or that its peer's last ring gave it (`rung`)? So it never wraps.
 *
 * Left out: deadlines (a lost wake-up must be a deadlock here; in the worker it is ten seconds of silence), audio, retain_pos
 * (recovery.pml), hostile peers, bells that wrap between a ring and the next look, and any memory order weaker than a store
 * buffer's: release and acquire of single words are taken for granted.
 */
#ifndef SMALL
#define BLOCK 2
#define AHEAD 4
#define END 5         /* frames of the programme: not whole blocks */
#define PAUSE 3       /* here the writer's own source gives no more until the reader has taken all whole blocks */
#define DATA_WISH 4   /* the reader's wake_frames */
#else
#define BLOCK 1
#define AHEAD 2
#define END 3
#define PAUSE 1
#define DATA_WISH 2
#endif
#define ROOM_WISH BLOCK /* the decode pump sleeps until a quarter of ahead, at least a block, is free */
#ifndef KILLS
#define KILLS 0
#endif
#ifndef HOLDS
#define HOLDS 0
#endif
#ifndef SPURIOUS
#define SPURIOUS 0    /* futex waits that end by themselves */
#endif

#define WRITER 0
#define READER 1
#define NOBODY 2

byte pos[2];                    /* write_pos, read_pos */
byte wants[2];                  /* writer_wants (a read position), reader_wants (a write position) */
mtype = { EMPTY, POS, WANTS };
mtype kept[2] = EMPTY;          /* store buffers */
byte value[2];
bit same[2], rung[2], asleep[2];
bit interrupt[2], pumping[2], job[2], door[2], held[2], dead[2];
bit holding[2];                 /* by a transaction of the host */
byte victim = NOBODY;
byte kills, spurious;

inline drain(who) {
    if
    :: kept[who] == POS -> pos[who] = value[who]
    :: kept[who] == WANTS -> wants[who] = value[who]
    :: else
    fi;
    kept[who] = EMPTY;
    value[who] = 0
}

/* What a lane has stored becomes visible at some time: until then its fences, its additions and its next store wait. */
active proctype Memory() {
end: do
    :: atomic { kept[WRITER] != EMPTY -> drain(WRITER) }
    :: atomic { kept[READER] != EMPTY -> drain(READER) }
    :: atomic { spurious < SPURIOUS && asleep[WRITER] -> spurious++; asleep[WRITER] = 0 }
    :: atomic { spurious < SPURIOUS && asleep[READER] -> spurious++; asleep[READER] = 0 }
    od
}

#define FENCED (kept[me] == EMPTY)
#define BUFFER(kind, what) kept[me] = kind; value[me] = what
#define ADD_TO_BELL(who) same[who] = 0; rung[who] = 0

inline ring_peer() {
    if
    :: rung[you]                /* it has not lain down since */
    :: else -> atomic { FENCED -> ADD_TO_BELL(you); rung[you] = 1 }; asleep[you] = 0
    fi
}

#define HAVE (me == WRITER -> AHEAD - (own - seen) : seen - own)
#define PEER_HAS (me == WRITER -> own - seen : AHEAD - (seen - own))

inline before_sleep() {
#ifdef BUG_NO_RING_BEFORE_SLEEP
    skip
#else
    atomic { FENCED -> goal = wants[you] };
    if
    :: goal == 0
    :: else -> atomic { goal = 0; seen = pos[you] };
        if :: PEER_HAS >= BLOCK -> seen = 0; ring_peer() :: else -> seen = 0 fi
    fi
#endif
}

inline ring_if_reached() {
#ifdef BUG_NO_FENCE_WAKE
    goal = wants[you];
#else
    atomic { FENCED -> goal = wants[you] };
#endif
    if :: goal != 0 && own >= goal -> goal = 0; ring_peer() :: else -> goal = 0 fi
}

inline publish(frames) {
#ifdef BUG_RING_BEFORE_PUBLISH
    own = own + frames; ring_if_reached(); atomic { FENCED -> BUFFER(POS, own) }
#else
    atomic { FENCED -> own = own + frames; BUFFER(POS, own) };
    ring_if_reached()
#endif
}

inline lie_down() {
#ifdef BUG_NO_OWN_BELL
    atomic { same[me] = 1; FENCED -> BUFFER(WANTS, goal) }
#else
    atomic { FENCED -> ADD_TO_BELL(me); same[me] = 1; BUFFER(WANTS, goal) }
#endif
}

inline look_again() {
#ifdef BUG_NO_SECOND_LOOK
    seen = (me == WRITER -> own - AHEAD : own)
#elif defined(BUG_NO_FENCE_SLEEP)
    seen = pos[you]
#else
    atomic { FENCED -> seen = pos[you] }
#endif
}

inline futex_wait() {
#ifdef BUG_SLEEP_WITHOUT_COMPARE
    asleep[me] = 1;
#else
    atomic { if :: same[me] -> asleep[me] = 1 :: else fi };
#endif
    atomic { !asleep[me] -> skip }
}

inline wants_nothing() { atomic { FENCED -> BUFFER(WANTS, 0) } }

/* `stop` is set when interrupted. */
inline wait(wish) {
    atomic {
        goal = (me == READER -> own + wish : (own + wish > AHEAD -> own + wish - AHEAD : 1));
#ifdef BUG_TARGET_ONLY
        enough = wish
#else
        enough = (BLOCK < wish -> BLOCK : wish)
#endif
    };
    do
    :: lie_down();
        look_again();
        if
        :: HAVE >= enough -> seen = 0; wants_nothing(); break
        :: else -> seen = 0;
#if HOLDS
            if
            :: interrupt[me] -> wants_nothing(); stop = 1; break
            :: else
            fi;
#endif
            futex_wait();
            wants_nothing();
            seen = pos[you];
            if :: HAVE >= enough -> seen = 0; break :: else -> seen = 0 fi
        fi
    od;
    goal = 0; enough = 0
}

inline greet() {
    atomic { FENCED -> BUFFER(WANTS, 0) };
#ifndef BUG_NO_GREET
    atomic { FENCED -> ADD_TO_BELL(you) }; asleep[you] = 0
#endif
}

#define OUT_OF_DATA (pos[READER] == END || pos[WRITER] - pos[READER] < BLOCK)
#define OUT_OF_ROOM (pos[WRITER] == END || pos[WRITER] == PAUSE || AHEAD - (pos[WRITER] - pos[READER]) < BLOCK)

#define LEAST (me == WRITER -> 1 : (END - own < BLOCK -> END - own : BLOCK))
#define WISH (me == WRITER -> ROOM_WISH : (END - own < DATA_WISH -> END - own : DATA_WISH))

/* Decode and sink pump: each moves as much as it likes, the sink because its target may accept less than it was given. */
inline pump() {
    do
#if HOLDS
    :: interrupt[me] -> break
    :: !interrupt[me] ->
#else
    ::
#endif
        if
        :: own == END -> before_sleep(); stage = 0; break
        :: me == WRITER && own == PAUSE && !OUT_OF_DATA ->    /* asleep on another ring */
            before_sleep();
            (OUT_OF_DATA || interrupt[me])
        :: else -> seen = pos[you];
            if
            :: HAVE >= LEAST -> seen = 0; publish(1)
            :: HAVE >= 2 && own + 2 <= (me == WRITER && own < PAUSE -> PAUSE : END) -> seen = 0; publish(2)
            :: HAVE < LEAST -> seen = 0;
                before_sleep();
                wait(WISH);
                if :: stop -> break :: else fi
            fi
        fi
    od;
    stop = 0
}

proctype Lane(byte me, you) {
    byte own, seen, goal, enough;
    bit stop, stage;
    {
        atomic { own = pos[me]; stage = 1 };
        greet();
end:    do
#if HOLDS
        :: stage ->
            atomic { !door[me] -> pumping[me] = 1; interrupt[me] = 0 };
#ifdef BUG_NO_LOOK_FOR_JOBS
            pump();
#else
            if :: job[me] :: else -> pump() fi;
#endif
            atomic { !door[me] -> pumping[me] = 0 };
            if :: job[me] -> goto command :: else fi
        :: !stage && job[me] ->                 /* asleep on the queue of jobs, not on the ring */
command:    stage = 0;
#ifndef BUG_HOLD_SILENT
            before_sleep();
#endif
            atomic { held[me] = 1; job[me] = 0 };
            atomic { !held[me] -> own = pos[me]; stage = 1 };
            greet()
#else
        :: stage -> pump()
#endif
        od
    } unless { victim == me };
    atomic { drain(me); asleep[me] = 0; held[me] = 0; dead[me] = 1; victim = NOBODY }
}

/* A new process: everything that was the dead one's own is fresh. */
inline replace(who) {
    dead[who] = 0; pumping[who] = 0; interrupt[who] = 0; job[who] = 0; door[who] = 0; rung[1 - who] = 0;
    run Lane(who, 1 - who)
}

/* Kills, and replaces what is dead unless a transaction holds it. */
active proctype Keeper() {
end: do
    :: atomic { kills < KILLS && victim == NOBODY -> kills++;
                if :: !dead[WRITER] -> victim = WRITER :: !dead[READER] -> victim = READER fi }
    :: atomic { dead[WRITER] && !holding[WRITER] -> replace(WRITER) }
    :: atomic { dead[READER] && !holding[READER] -> replace(READER) }
    od
}

/* Lane.submit, on the worker's control thread, which dies with its lane. */
inline submit(who) {
    atomic { !door[who] || dead[who] -> door[who] = 1; job[who] = 1 };
    if
    :: pumping[who] ->
#ifdef BUG_FLAG_AFTER_BELL
        atomic { ADD_TO_BELL(who) }; asleep[who] = 0; interrupt[who] = 1
#else
        interrupt[who] = 1; atomic { ADD_TO_BELL(who) }; asleep[who] = 0
#endif
    :: else
    fi;
    door[who] = 0
}

inline hold(whom) {
    holding[whom] = 1;
    if
    :: dead[whom]
    :: else -> submit(whom); (held[whom] || dead[whom])
    fi
}

/* Who is found dead may have died between its publish and its ring, and no successor greets while its place is held. */
inline ring_for_the_dead(who) {
#ifdef BUG_NO_RING_FOR_THE_DEAD
    skip
#else
    if :: dead[who] -> atomic { ADD_TO_BELL(1 - who) }; asleep[1 - who] = 0 :: else fi
#endif
}

#define OTHER (1 - who)

/* A transaction holds one stage, lets the other run until it can do no more, holds that, too, and releases both. */
active proctype Host() {
    byte who = NOBODY, holds;
    atomic { run Lane(WRITER, READER); run Lane(READER, WRITER) };
    do
#if HOLDS
    :: atomic { holds < HOLDS -> holds++; if :: who = WRITER :: who = READER fi };
        hold(who);
        ring_for_the_dead(who);
        (who == WRITER -> OUT_OF_DATA : OUT_OF_ROOM);
        hold(OTHER);
        atomic { holding[WRITER] = 0; holding[READER] = 0; held[WRITER] = 0; held[READER] = 0; who = NOBODY }
#endif
    :: pos[READER] == END -> break
    od
}
