/*
 * stream_driver.c: both ends of a chain of isolated hops, as many blocks under way as the rings hold.
 *
 * stream_driver IN_FD OUT_FD BLOCKS WARM_BLOCKS WAKE_FRAMES CORE: one thread writes and reads in turn and sleeps for
 * WAKE_FRAMES of output. Prints a zero once WARM_BLOCKS have touched every page of every ring, waits for a byte on stdin
 * (so that the caller can look at CPU clocks), and prints the nanoseconds that BLOCKS blocks then took.
 */
#include "bench.h"

#include <unistd.h>

#include "ring.h"
#include "wake.h"

#define PATIENCE_NS 30000000000ll /* longer than a pump ever waits: a stall shows as a slow run, not as an error */

static const _Atomic uint32_t never;

static void expect(st_ring_result result, const char *what) {
    if (result == ST_RING_OK) return;
    fprintf(stderr, "%s: ring result %d\n", what, (int)result);
    exit(1);
}

/* Writes while there is room and blocks are left; the block is always the same and stays hot. */
static void fill(st_ring *in, const float *block, uint64_t *left) {
    uint32_t room, frames = in->format.block_frames;
    uint64_t scrubbed = 0;
    expect(st_ring_room(in, &room), "room");
    for (; room >= frames && *left > 0; room -= frames, --*left) {
        st_ring_put(in, block, frames, &scrubbed);
        st_ring_publish_write(in, frames);
    }
}

static void take(st_ring *out, float *block, uint64_t *left) {
    uint32_t data, frames = out->format.block_frames;
    expect(st_ring_available(out, &data), "data");
    for (; data >= frames; data -= frames, --*left) {
        st_ring_get(out, block, frames);
        st_ring_publish_read(out, frames);
    }
}

static void run(st_ring *in, st_ring *out, const float *block, float *sink, uint64_t blocks, uint32_t wake_frames) {
    uint64_t to_write = blocks, to_read = blocks;
    uint32_t frames = in->format.block_frames;
    while (to_read > 0) {
        uint32_t data, room;
        uint64_t under_way;
        fill(in, block, &to_write);
        take(out, sink, &to_read);
        expect(st_ring_available(out, &data), "data");
        expect(st_ring_room(in, &room), "room");
        if (to_read == 0 || data >= frames || (room >= frames && to_write > 0)) continue;
        st_ring_before_sleep(in);
        st_ring_before_sleep(out);
        under_way = in->own_pos - out->own_pos;
        expect(st_ring_wait(out, under_way < wake_frames ? (uint32_t)under_way : wake_frames, &never,
                            st_now_ns() + PATIENCE_NS),
               "the chain's answer");
    }
}

int main(int argc, char **argv) {
    st_ring in, out;
    uint64_t blocks, warm, began, took;
    uint32_t wake_frames;
    float *block, *sink;
    size_t samples;
    char go;
    if (argc != 7) return 2;
    expect(st_ring_map(&in, (int)bench_number(argv[1]), ST_RING_WRITER), "first ring");
    expect(st_ring_map(&out, (int)bench_number(argv[2]), ST_RING_READER), "last ring");
    blocks = (uint64_t)bench_number(argv[3]);
    warm = (uint64_t)bench_number(argv[4]);
    wake_frames = (uint32_t)bench_number(argv[5]);
    bench_place((int)bench_number(argv[6]), 0);
    samples = (size_t)in.format.block_frames * in.format.channels;
    block = calloc(samples, sizeof *block);
    sink = calloc(samples, sizeof *sink);
    if (block == NULL || sink == NULL) bench_die("memory");
    for (size_t i = 0; i < samples; i++) block[i] = (float)(i % 97) / 97.0f - 0.5f;
    st_ring_greet(&in);
    st_ring_greet(&out);
    run(&in, &out, block, sink, warm, wake_frames);
    took = 0;
    bench_emit(&took, 1); /* warm: the caller notes CPU clocks, then says go */
    if (read(STDIN_FILENO, &go, 1) != 1) bench_die("stdin");
    began = bench_now_ns();
    run(&in, &out, block, sink, blocks, wake_frames);
    took = bench_now_ns() - began;
    bench_emit(&took, 1);
    return 0;
}
