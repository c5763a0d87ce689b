/*
 * chain.c: decoder, two effects and a sink in one process, a thread each, joined by real rings; a host that holds, releases,
 * swaps, loses, flushes, wakes and looks at random, until the last frame is through.
 *
 * chain SEED BLOCKS
 */
#include <string.h>

#include "chance.h"
#include "host_callbacks.h"
#include "host_face.h"
#include "numbers.h"
#include "outbox.h"
#include "segments.h"
#include "stages.h"

#define STAGES 4
#define RINGS (STAGES - 1)
#define AHEAD_BLOCKS 8u
#define HISTORY_BLOCKS 16u
#define STATE_BYTES 64u
#define PAUSE_NS 400000u
#define POLL_NS 50000000ll

static uint64_t seed, state, end_at, epoch, lives;
static int ring_fd[RINGS], status_fd;
static st_ring ring[RINGS]; /* the host's faces */
static st_status_page *page;
static place places[STAGES];
static owner owners[STAGES][2], *now[STAGES];
static _Atomic uint32_t over;
static _Atomic uint64_t acts;
static struct {
    uint64_t blocks, holds, disturbed, swaps, deaths, replays, flushes, lines, events, looks;
} count;

static void build(const StHostVTable *host) {
    static const kind kinds[STAGES] = {DECODE, DSP, DSP, SINK};
    for (int i = 0; i < RINGS; i++) {
        ring_fd[i] = ring_segment(AHEAD_BLOCKS, HISTORY_BLOCKS);
        expect(st_ring_map(&ring[i], ring_fd[i], ST_RING_HOST) == ST_RING_OK, "the host maps a ring");
    }
    status_fd = segment_of(ST_STATUS_BYTES);
    expect(st_status_format(status_fd) == 0, "a status page is formatted");
    page = st_status_attach(status_fd);
    expect(page != NULL, "a status page is mapped");
    for (int i = 0; i < STAGES; i++) {
        place *p = &places[i];
        *p = (place){.kind = kinds[i], .effects = i ? (uint32_t)i - 1 : 0, .end = end_at, .acts = &acts};
        p->host = host;
        p->slot = p->checkpoints = -1;
        p->in = i > 0 ? ring_fd[i - 1] : -1;
        p->out = i < RINGS ? ring_fd[i] : -1;
        if (p->kind != DSP) continue;
        p->checkpoints = segment_of(st_checkpoint_segment_bytes(STATE_BYTES));
        expect(st_checkpoint_format_segment(p->checkpoints, STATE_BYTES) == 0, "checkpoints are formatted");
    }
}

/* The newest checkpoint that fits the rings, else all that is kept since the last flush. */
static void choose_state(place *p, const st_ring *in, const st_ring *out) {
    uint64_t write, read, retain, at, unused;
    uint8_t bytes[STATE_BYTES];
    st_checkpoint_label label;
    expect(st_ring_look(out, &at, &read, &unused) == ST_RING_OK, "the output's positions are in order");
    expect(st_ring_look(in, &write, &read, &retain) == ST_RING_OK, "the input's positions are in order");
    p->slot = -1;
    p->from = retain;
    for (uint32_t slot = 0; slot < ST_CHECKPOINT_SLOTS; slot++) {
        if (!st_checkpoint_read(p->checkpoints, STATE_BYTES, slot, &label, bytes)) continue;
        if (label.epoch != epoch || label.position < retain || label.position > at) continue;
        if (p->slot >= 0 && label.position < p->from) continue;
        p->slot = (int)slot;
        p->from = label.position;
    }
    if (p->from < at) count.replays++;
}

/* Puts a new owner to the place; the one before it is no more on the rings. */
static void occupy(int i) {
    owner *next = now[i] == &owners[i][0] ? &owners[i][1] : &owners[i][0];
    job attach = {.run = stage_attach, .argument = &places[i]};
    if (places[i].kind == DSP) choose_state(&places[i], &ring[i - 1], &ring[i]);
    places[i].epoch = epoch;
    places[i].state = chance_for(seed, ++lives + 16);
    owner_start(next, places[i].kind, page, (uint32_t)(lives % ST_STATUS_LANES), lives);
    owner_do(next, &attach);
    now[i] = next;
}

/* Takes the owner off the rings, and ends it. */
static void leave(owner *o) {
    st_lane_hint hint;
    job detach = {.run = stage_detach, .last = 1, .cancels = 1};
    owner_do(o, &detach);
    owner_join(o);
    st_status_lane(page, o->slot, &hint);
    count.blocks += hint.blocks;
}

static void hold(int i) {
    job j = {.run = stage_hold};
    owner_do(now[i], &j);
}

static void release(int i) {
    job j = {.run = stage_release, .argument = &places[i]};
    places[i].epoch = epoch;
    owner_do(now[i], &j);
}

static void hold_a_while(int i) {
    hold(i);
    chance_to_sleep(&state, PAUSE_NS);
    release(i);
    count.holds++;
}

/* A planned swap: the old one is held, and lets go. */
static void swap(int i) {
    hold(i);
    leave(now[i]);
    occupy(i);
    count.swaps++;
}

/* A loss between two blocks: nobody rings, and there is no last checkpoint. */
static void lose(int i) {
    leave(now[i]);
    if (chance(&state, 2)) chance_to_sleep(&state, PAUSE_NS);
    occupy(i);
    count.deaths++;
}

static void flush(void) {
    uint64_t write, read, retain, to = 0;
    for (int i = 0; i < STAGES; i++) hold(i);
    for (int i = 0; i < RINGS; i++) {
        expect(st_ring_look(&ring[i], &write, &read, &retain) == ST_RING_OK, "positions are in order");
        if (write > to) to = write;
    }
    to = (to + BLOCK_FRAMES - 1) / BLOCK_FRAMES * BLOCK_FRAMES;
    if (to < end_at) {
        epoch++;
        for (int i = 0; i < RINGS; i++) st_ring_set_words(&ring[i], to);
        for (int i = 0; i < STAGES; i++)
            if (places[i].kind == DSP && st_checkpoint_clear(places[i].checkpoints, STATE_BYTES) != 0) _exit(1);
        count.flushes++;
    }
    for (int i = 0; i < STAGES; i++) release(i);
}

static void act(void) {
    int i = (int)chance(&state, STAGES);
    uint32_t die = chance(&state, 32);
    st_status_beat(page);
    atomic_fetch_add_explicit(&acts, 1, memory_order_relaxed);
    if (die < 12) st_ring_ring(ring[i % RINGS].words, die % 2 ? ST_RING_WRITER : ST_RING_READER);
    else if (die < 18) owner_disturb(now[i]), count.disturbed++;
    else if (die < 24) hold_a_while(i);
    else if (die < 27) swap(i);
    else if (die < 31) lose(i);
    else flush();
}

/* Another thread of the host, which looks at everything, and rings whom it likes. */
static void *watch(void *unused) {
    uint64_t own = chance_for(seed, 1), write, read, retain, beats = 0;
    void *seen = st_status_map(status_fd);
    expect(seen != NULL, "the host maps the status page");
    while (!atomic_load(&over)) {
        st_lane_hint hint;
        int i = (int)chance(&own, RINGS);
        st_ring_look(&ring[i], &write, &read, &retain); /* a flush sets the three one by one */
        if (chance(&own, 4) == 0) st_ring_ring(ring[i].words, ST_RING_READER);
        expect(st_status_heartbeat(seen) >= beats, "beats only grow");
        beats = st_status_heartbeat(seen);
        for (uint32_t slot = 0; slot < ST_STATUS_LANES; slot++) count.looks += (uint64_t)st_status_lane(seen, slot, &hint);
        chance_to_sleep(&own, PAUSE_NS);
    }
    return unused;
}

/* What plugins tell arrives whole, and in the order of tickets. */
static void *send_on(void *unused) {
    static char text[ST_OUTBOX_EVENT_BYTES];
    while (!atomic_load(&over)) {
        uint32_t bell = st_outbox_bell(), logs, events;
        st_outbox_item item;
        while (st_outbox_take(&item, text)) {
            for (uint32_t i = 1; i < item.len; i++) expect(text[i] == text[0], "a text arrives as it was put");
            if (item.level) count.lines++;
            else count.events++;
        }
        st_outbox_dropped(&logs, &events);
        st_outbox_wait(bell, POLL_NS);
    }
    return unused;
}

static void tell(void) {
    printf("seed %llu: %llu blocks moved, %llu holds, %llu calls out, %llu swaps, %llu losses, %llu replays, %llu flushes, "
           "%llu log lines, %llu events\n",
           (unsigned long long)seed, (unsigned long long)count.blocks, (unsigned long long)count.holds,
           (unsigned long long)count.disturbed, (unsigned long long)count.swaps, (unsigned long long)count.deaths,
           (unsigned long long)count.replays, (unsigned long long)count.flushes, (unsigned long long)count.lines,
           (unsigned long long)count.events);
    expect(count.holds && count.disturbed && count.swaps && count.deaths && count.replays && count.flushes && count.lines &&
               count.events && count.looks, "all of it happened");
}

int main(int argc, char **argv) {
    pthread_t watcher, sender;
    if (argc != 3) return 2;
    seed = strtoull(argv[1], NULL, 10);
    end_at = strtoull(argv[2], NULL, 10) * BLOCK_FRAMES;
    state = chance_for(seed, 0);
    build(st_host_table("", 0));
    expect(pthread_create(&watcher, NULL, watch, NULL) == 0, "a watcher starts");
    expect(pthread_create(&sender, NULL, send_on, NULL) == 0, "a sender starts");
    for (int i = STAGES - 1; i >= 0; i--) occupy(i);
    while (atomic_load_explicit(&now[STAGES - 1]->reason, memory_order_acquire) != ST_STOP_FINISHED) {
        act();
        chance_to_sleep(&state, PAUSE_NS);
    }
    for (int i = 0; i < STAGES; i++) leave(now[i]);
    atomic_store(&over, 1);
    st_outbox_ring();
    pthread_join(watcher, NULL);
    pthread_join(sender, NULL);
    tell();
    return 0;
}
