/*
 * join.pml: one track follows another at the very frame at which it ended, and the last is padded to the grid of blocks while
 * the sink stops exactly at the end; decoders may die anywhere, after their end of stream and while they pad as well.
 *
 * Models: st_decode_pump with its end of stream, `finish_at` and pad (plugin_worker/csrc/decode_pump.c), StageStopped with
 * END_OF_STREAM, DetachStage, FinishStage (plugin_worker/capabilities/decoder.py); the host's relay and its seat for decoders
 * (host/playback/relay.py, decode_seat.py, graph.py: leave, join, finish, replace), which goes by the ring's word and its own
 * record of where on the clock a track began; the end that st_sink_pump keeps. A dead decoder's channel is read to its end
 * before its death is judged, and an end of stream counts only for the instance that sits there now.
 *
 * Left out: sleep and wake (wake.pml), rate conversion (a successor that must warm up), effects with latency, tracks that
 * fail, weak memory. Every decoder can seek to the exact frame. Frames are single; two make a block.
 */
#define A_FRAMES 2
#define B_FRAMES 3
#define END (A_FRAMES + B_FRAMES)
#define BLOCK 2
#define PADDED ((END + BLOCK - 1) / BLOCK * BLOCK)
#define AHEAD 2
#ifndef KILLS
#define KILLS 3
#endif

#define A 0
#define B 1
#define LENGTH(track) (track == A -> A_FRAMES : B_FRAMES)
#define SILENCE 1
#define WORD(track, frame) (10 * (1 + track) + frame)
#define EXPECTED(p) (p < A_FRAMES -> WORD(A, p) : WORD(B, p - A_FRAMES))
#define INSTANCES (3 + KILLS)
#define NOBODY 255
#define NO_POSITION 255

byte w, r;                                /* the ring's words */
byte ring[PADDED];
byte writers;
byte finish_sink = NO_POSITION;
bit eof[INSTANCES], detach[INSTANCES], detached[INSTANCES], dead[INSTANCES];
byte finish_at = NO_POSITION;             /* of the decoder that was told */
byte told = NOBODY;
byte victim = NOBODY, kills;

proctype Decoder(byte me, track, frame) {
    byte p;
    bit said, writes;
    {
        atomic { p = w; writes = 1; writers++; assert(writers == 1) };
        do
        :: detach[me] -> atomic { writes = 0; writers--; detached[me] = 1 }; goto done
        :: !detach[me] && told == me && p < finish_at && p - r < AHEAD ->
            ring[p] = SILENCE;
            w = p + 1;
            p++
        :: !detach[me] && told != me && frame >= LENGTH(track) && !said -> eof[me] = 1; said = 1
        :: !detach[me] && told != me && frame < LENGTH(track) && p - r < AHEAD ->
#ifdef BUG_PUBLISH_EARLY
            w = p + 1;
            ring[p] = WORD(track, frame);
#else
            ring[p] = WORD(track, frame);
            w = p + 1;
#endif
            p++; frame++
        :: told == me && p == finish_at && !said -> said = 1
        :: r == END && w == PADDED -> goto done
        od
    } unless { victim == me };
    atomic { victim = NOBODY; writers = writers - writes; dead[me] = 1 };
done: skip
}

active proctype Sink() {
    do
    :: finish_sink != NO_POSITION && r >= finish_sink -> break
    :: r < finish_sink && w > r ->
        assert(ring[r] == EXPECTED(r));
        r = r + 1
    od;
    assert(r == END)
}

byte seat = NOBODY;                       /* the instance that sits there */

active proctype Killer() {
end: do
    :: atomic { kills < KILLS && victim == NOBODY && seat != NOBODY && !dead[seat] && !detach[seat] && r < END ->
                kills++; victim = seat }
    od
}

active proctype Host() {
    byte track = A, start, next, i;
    bit ended;
attach:
    atomic {
        seat = next; next++;
#ifdef BUG_RESUME_FROM_READ
        run Decoder(seat, track, r - start)
#else
        run Decoder(seat, track, w - start)
#endif
    };
    if :: finish_sink != NO_POSITION && ended ->
#ifndef BUG_FINISH_FORGOTTEN
        atomic { finish_at = PADDED; told = seat }
#else
        skip
#endif
    :: else
    fi;
    do
    :: atomic { eof[seat] && !ended -> eof[seat] = 0; ended = 1 }
#ifdef BUG_STALE_EOF
    :: atomic { seat > 0 && eof[seat - 1] && !ended -> eof[seat - 1] = 0; ended = 1 }
    :: dead[seat] && !ended -> goto attach              /* judged before its channel was read */
#else
    :: dead[seat] && !eof[seat] && !ended -> goto attach
#endif
    :: ended && track == A ->
        /* leave: by reply or by known death */
#ifdef BUG_NO_DETACH
        skip;
#else
        detach[seat] = 1;
        (detached[seat] || dead[seat]);
#endif
#ifndef BUG_RECORD_NOT_RAISED
        start = w;
#endif
        atomic { track = B; ended = 0 };
        goto attach
    :: ended && track == B && finish_sink == NO_POSITION ->
#ifdef BUG_SINK_TOLD_LAST
        atomic { finish_at = PADDED; told = seat };
        finish_sink = END
#else
        finish_sink = w;
        atomic { finish_at = PADDED; told = seat }
#endif
    :: ended && finish_sink != NO_POSITION && dead[seat] && w < PADDED -> goto attach
    :: r == END && w == PADDED -> break
    od
}
