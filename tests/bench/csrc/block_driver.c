/*
 * block_driver.c: both ends of a chain of isolated hops, one block under way at a time.
 *
 * block_driver IN_FD OUT_FD BLOCKS WARM_BLOCKS PERIOD_NS FIFO CORE: writes into the chain's first ring, reads from its
 * last one; one nanosecond count a block, from before the copy in to after the copy out.
 */
#include "bench.h"

#include "ring.h"
#include "wake.h"

#define PATIENCE_NS 30000000000ll /* longer than a pump ever waits: a stall shows as a slow run, not as an error */

static const _Atomic uint32_t never;

static void expect(st_ring_result result, const char *what) {
    if (result == ST_RING_OK) return;
    fprintf(stderr, "%s: ring result %d\n", what, (int)result);
    exit(1);
}

int main(int argc, char **argv) {
    st_ring in, out;
    uint32_t blocks, warm, frames;
    uint64_t period_ns, beat_ns, scrubbed = 0, *samples;
    float *block, *sink;
    if (argc != 8) return 2;
    expect(st_ring_map(&in, (int)bench_number(argv[1]), ST_RING_WRITER), "first ring");
    expect(st_ring_map(&out, (int)bench_number(argv[2]), ST_RING_READER), "last ring");
    warm = (uint32_t)bench_number(argv[4]);
    blocks = (uint32_t)bench_number(argv[3]) + warm;
    period_ns = (uint64_t)bench_number(argv[5]);
    bench_place((int)bench_number(argv[7]), (int)bench_number(argv[6]));
    frames = in.format.block_frames;
    samples = calloc(blocks, sizeof *samples);
    block = calloc((size_t)frames * in.format.channels, sizeof *block);
    sink = calloc((size_t)frames * in.format.channels, sizeof *sink);
    if (samples == NULL || block == NULL || sink == NULL) bench_die("memory");
    for (size_t i = 0; i < (size_t)frames * in.format.channels; i++) block[i] = (float)(i % 97) / 97.0f - 0.5f;
    st_ring_greet(&in);
    st_ring_greet(&out);
    beat_ns = bench_now_ns();
    for (uint32_t n = 0; n < blocks; n++) {
        uint64_t began;
        uint32_t room;
        if (period_ns) bench_next_beat(&beat_ns, period_ns);
        expect(st_ring_room(&in, &room), "room");
        if (room < frames) expect(st_ring_wait(&in, frames, &never, st_now_ns() + PATIENCE_NS), "room");
        began = bench_now_ns();
        st_ring_put(&in, block, frames, &scrubbed);
        st_ring_publish_write(&in, frames);
        expect(st_ring_wait(&out, frames, &never, st_now_ns() + PATIENCE_NS), "the chain's answer");
        st_ring_get(&out, sink, frames);
        st_ring_publish_read(&out, frames);
        samples[n] = bench_now_ns() - began;
    }
    bench_emit(samples + warm, blocks - warm);
    return 0;
}
