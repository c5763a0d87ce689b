/*
 * stream.pml: a reader that seeks, and a writer that answers, over the words of one byte stream; either may die between any
 * two of its accesses, and is replaced: the reader gets the byte of the offset at which it stands, and the end only there.
 *
 * Models, access by access: st_stream_look, st_stream_take, st_stream_ask and the adoption at st_stream_map of the reader;
 * st_stream_room, st_stream_answer, st_stream_put, st_stream_end and the adoption of the writer (shm_audio/csrc/byte_stream.c);
 * a reader's successor begins at offset 0, as plugin_worker/csrc/stream_io.c does.
 *
 * Left out: sleep and wake, which are those of the ring (wake.pml): who has nothing to do blocks here until the other has
 * changed something; failures, which are ends that a successor takes back; hostile peers; weak memory. Bytes are moved one
 * by one.
 */
#define SIZE 4
#define CAPACITY 3
#define HISTORY 1
#ifdef BUG_NO_HISTORY
#define AHEAD CAPACITY
#else
#define AHEAD (CAPACITY - HISTORY)
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef SEEKS
#define SEEKS 1
#endif
#define UNKNOWN 99
#define WRITER 0
#define READER 1
#define NOBODY 2

byte base_offset, write_pos, epoch, ended;
byte read_pos, read_epoch, seek_offset, seek_epoch;
byte ring[CAPACITY];
byte victim = NOBODY, kills, seeks;
bit lives[2], over;

/* Each atomic has one access to a shared word, and what follows from it in the process itself. */
proctype Writer() {
    byte mine, own, seen, of_epoch, wanted;
    bit end, taken;
    {
        wanted = seek_epoch;
#ifdef BUG_ADOPT_THE_QUESTION
        mine = wanted;
#else
        mine = epoch;
#endif
        seen = base_offset;
        own = write_pos;
        end = ended;
        do
        :: over -> goto done
        :: atomic { !over && seek_epoch != mine -> wanted = seek_epoch };
            atomic { own = seek_offset; seen = own; taken = 0; end = 0 };
#ifdef BUG_ANSWER_FIRST
            epoch = wanted;
#endif
            base_offset = own;
            write_pos = own;
#ifndef BUG_END_KEPT
            ended = 0;
#endif
#ifdef BUG_ANSWER_FIRST
            mine = wanted
#else
            atomic { epoch = wanted; mine = wanted }
#endif
        :: atomic { !over && seek_epoch == mine && !end &&
                    (read_epoch == mine && own - read_pos < AHEAD || own - seen < AHEAD) -> of_epoch = read_epoch };
#ifdef BUG_NO_READ_EPOCH
            seen = read_pos;
#else
            if
            :: atomic { of_epoch == mine -> seen = read_pos; taken = 1; assert(seen <= own) }
            :: atomic { of_epoch != mine -> assert(of_epoch < mine && !taken) }
            fi;
#endif
            if
            :: own - seen < AHEAD && own < SIZE ->
#ifdef BUG_PUBLISH_EARLY
                write_pos = own + 1;
                atomic { ring[own % CAPACITY] = own; own++ }
#else
                ring[own % CAPACITY] = own;
                atomic { write_pos = own + 1; own++ }
#endif
            :: own - seen < AHEAD && own >= SIZE -> atomic { ended = 1; end = 1 }
            :: else
            fi
        od
    } unless { victim == WRITER };
    victim = NOBODY;
done: lives[WRITER] = 0
}

proctype Reader() {
    byte mine, own, cursor, asked = UNKNOWN, e, b, wr, en;
    bit taken;
    {
        mine = seek_epoch;
        if
        :: atomic { read_epoch == mine -> taken = 1; b = base_offset; own = read_pos }
        :: read_epoch != mine
        fi;
again:  if
        :: atomic { seeks < SEEKS -> seeks++; if :: cursor = SIZE - 1 :: cursor = 0 :: cursor > 0 -> cursor-- fi }
        :: true
        fi;
        atomic { e = epoch; assert(e <= mine) };
        if
        :: e != mine && asked == cursor -> epoch == mine; goto again
        :: e != mine && asked != cursor -> goto ask
        :: e == mine
        fi;
        if
        :: !taken ->
            atomic { b = base_offset; assert(asked == UNKNOWN || b == asked) };
#ifdef BUG_TAKEN_FIRST
            read_epoch = mine;
            atomic { read_pos = b; own = b; taken = 1 }
#else
            read_pos = b;
            atomic { read_epoch = mine; own = b; taken = 1 }
#endif
        :: taken
        fi;
#ifdef BUG_END_LAST
        wr = write_pos;
        en = ended;
#else
        en = ended;
        wr = write_pos;
#endif
        atomic {
            assert(wr >= own && wr - own <= AHEAD);
            if
            :: cursor < b || cursor + HISTORY < own -> goto ask
            :: else
            fi;
            if
            :: cursor < wr -> skip
            :: cursor >= wr && en ->
                assert(cursor >= SIZE);
                if
                :: seeks == SEEKS -> over = 1; goto done
                :: seeks < SEEKS -> goto again
                fi
            :: cursor > wr && !en -> goto ask
            :: cursor == wr && !en -> goto nothing
            fi
        };
        atomic { assert(ring[cursor % CAPACITY] == cursor); cursor++ };
        if
        :: atomic { cursor > own -> own = cursor; read_pos = own }
        :: cursor <= own
        fi;
        goto again;
nothing:
#ifndef BUG_SKIP_CONSUMES_NOTHING
        if
        :: atomic { cursor > own -> own = cursor; read_pos = own }
        :: cursor <= own
        fi;
#endif
        write_pos != wr || ended || epoch != mine;
        goto again;
ask:    atomic { asked = cursor; mine++; taken = 0 };
#ifdef BUG_ASK_FIRST
        seek_epoch = mine;
        seek_offset = cursor;
#else
        seek_offset = cursor;
        seek_epoch = mine;
#endif
        goto again
    } unless { victim == READER };
    victim = NOBODY;
done: lives[READER] = 0
}

/* Kills, and puts the next one there. */
active proctype Host() {
    atomic { lives[WRITER] = 1; lives[READER] = 1; run Writer(); run Reader() };
    do
    :: atomic { kills < KILLS && victim == NOBODY && lives[WRITER] && !over -> kills++; victim = WRITER }
    :: atomic { kills < KILLS && victim == NOBODY && lives[READER] && !over -> kills++; victim = READER }
    :: atomic { !lives[WRITER] && !over -> lives[WRITER] = 1; run Writer() }
    :: atomic { !lives[READER] && !over -> lives[READER] = 1; run Reader() }
    :: over && !lives[WRITER] && !lives[READER] -> break
    od
}
