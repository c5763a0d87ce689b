/*
 * torture.c: one ring, a writer and a reader that take what comes, and a third who rings and looks.
 *
 * torture SEED FRAMES AHEAD_BLOCKS HISTORY_BLOCKS
 */
#include <pthread.h>
#include <string.h>

#include "chance.h"
#include "host_face.h"
#include "segments.h"

#define MOST_FRAMES (3u * BLOCK_FRAMES)
#define SHORT_NS 20000u
#define PATIENCE_NS 2000000ll

static int segment;
static uint64_t seed, total, waits[2];
static _Atomic uint32_t interrupt[2], over;

/* How many frames next; now and then a pause first, so that the other side falls asleep. */
static uint32_t wish(uint64_t *state) {
    if (chance(state, 64) == 0) chance_to_sleep(state, SHORT_NS);
    return 1 + chance(state, MOST_FRAMES);
}

/* After a look that gave too little. Interrupted, early and late are all fine; a broken ring is not. */
static void wait(st_ring *ring, int side, uint64_t *state) {
    st_ring_result result;
    st_ring_before_sleep(ring);
    if (chance(state, 32) == 0) {
        st_ring_nap(ring, &interrupt[side], st_now_ns() + SHORT_NS);
        return;
    }
    result = st_ring_wait(ring, 1 + chance(state, 2 * BLOCK_FRAMES), &interrupt[side], st_now_ns() + PATIENCE_NS);
    expect(result <= ST_RING_TIMEOUT, "the ring is whole");
    if (result == ST_RING_INTERRUPTED) atomic_store(&interrupt[side], 0);
    waits[side]++;
}

static void *write_all(void *unused) {
    uint64_t state = chance_for(seed, 1), scrubbed = 0;
    float samples[MOST_FRAMES * CHANNELS];
    st_ring ring;
    expect(st_ring_map(&ring, segment, ST_RING_WRITER) == ST_RING_OK, "the writer maps the ring");
    st_ring_greet(&ring);
    while (ring.own_pos < total) {
        uint32_t room, frames = wish(&state);
        expect(st_ring_room(&ring, &room) == ST_RING_OK, "the ring has possible positions");
        if (frames > total - ring.own_pos) frames = (uint32_t)(total - ring.own_pos);
        if (frames > room) frames = room;
        if (frames == 0) {
            wait(&ring, 0, &state);
            continue;
        }
        for (uint32_t i = 0; i < frames; i++) number_of(ring.own_pos + i, 0, samples + (size_t)i * CHANNELS);
        st_ring_put(&ring, samples, frames, &scrubbed);
        st_ring_publish_write(&ring, frames);
    }
    st_ring_before_sleep(&ring);
    st_ring_unmap(&ring);
    return unused;
}

static void *read_all(void *unused) {
    uint64_t state = chance_for(seed, 2);
    float samples[MOST_FRAMES * CHANNELS];
    st_ring ring;
    expect(st_ring_map(&ring, segment, ST_RING_READER) == ST_RING_OK, "the reader maps the ring");
    st_ring_greet(&ring);
    while (ring.own_pos < total) {
        uint32_t data, frames = wish(&state);
        uint64_t kept;
        expect(st_ring_available(&ring, &data) == ST_RING_OK, "the ring has possible positions");
        if (frames > data) frames = data;
        if (frames == 0) {
            wait(&ring, 1, &state);
            continue;
        }
        st_ring_get(&ring, samples, frames);
        for (uint32_t i = 0; i < frames; i++) expect_number("reader", ring.own_pos + i, 0, samples + (size_t)i * CHANNELS);
        kept = ring.own_pos - ring.own_retain;
        if (kept > 0) {
            uint64_t at = ring.own_retain + chance(&state, (uint32_t)kept);
            st_ring_get_at(&ring, at, samples, 1);
            expect_number("history", at, 0, samples);
        }
        st_ring_publish_read(&ring, frames);
    }
    st_ring_unmap(&ring);
    return unused;
}

static void *disturb(void *unused) {
    uint64_t state = chance_for(seed, 3), write, read, retain;
    st_ring ring;
    expect(st_ring_map(&ring, segment, ST_RING_HOST) == ST_RING_OK, "the host maps the ring");
    while (!atomic_load(&over)) {
        uint32_t side = chance(&state, 2);
        if (chance(&state, 4) == 0) atomic_store(&interrupt[side], 1);
        st_ring_ring(ring.words, side ? ST_RING_READER : ST_RING_WRITER);
        expect(st_ring_look(&ring, &write, &read, &retain) == ST_RING_OK, "positions are in order");
        chance_to_sleep(&state, SHORT_NS);
    }
    st_ring_unmap(&ring);
    return unused;
}

int main(int argc, char **argv) {
    void *(*const parts[])(void *) = {write_all, read_all, disturb};
    pthread_t thread[3];
    if (argc != 5) return 2;
    seed = strtoull(argv[1], NULL, 10);
    total = strtoull(argv[2], NULL, 10);
    segment = ring_segment((uint32_t)strtoul(argv[3], NULL, 10), (uint32_t)strtoul(argv[4], NULL, 10));
    for (int i = 0; i < 3; i++) expect(pthread_create(&thread[i], NULL, parts[i], NULL) == 0, "a thread starts");
    for (int i = 0; i < 3; i++) {
        if (i == 2) atomic_store(&over, 1);
        pthread_join(thread[i], NULL);
    }
    printf("%llu frames, %llu waits\n", (unsigned long long)total, (unsigned long long)(waits[0] + waits[1]));
    return 0;
}
