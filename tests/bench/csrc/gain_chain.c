/*
 * gain_chain.c: the same gain plugins one after the other in one process, called through their vtables: no isolation.
 *
 * gain_chain LIBRARY HOPS BLOCKS WARM_BLOCKS CORE: prints nanoseconds for BLOCKS stereo blocks of 512 frames. Every block
 * is copied in anew (a gain in place would else run into denormals); what comes out is read where it stands.
 */
#include "plugin.h"

#define FRAMES 512u
#define CHANNELS 2u
#define RATE_HZ 48000u
#define MAX_HOPS 64

static uint64_t run(const StDspInstanceRef *hops, int count, const float *source, float *block, uint64_t blocks) {
    uint64_t began = bench_now_ns();
    for (uint64_t n = 0; n < blocks; n++) {
        memcpy(block, source, FRAMES * CHANNELS * sizeof *block);
        for (int i = 0; i < count; i++) {
            StStatus status = hops[i].vtable->process_interleaved_f32_in_place(hops[i].handle, block, FRAMES);
            if (status.code != ST_OK) bench_ok(status, "process");
        }
    }
    return bench_now_ns() - began;
}

int main(int argc, char **argv) {
    static const StHostVTable host = {.api_version = STELLATUNE_API_VERSION};
    static float source[FRAMES * CHANNELS], block[FRAMES * CHANNELS];
    StDspInstanceRef hops[MAX_HOPS];
    uint64_t took;
    int count;
    if (argc != 6) return 2;
    count = (int)bench_number(argv[2]);
    if (count < 1 || count > MAX_HOPS) return 2;
    bench_place((int)bench_number(argv[5]), 0);
    for (size_t i = 0; i < FRAMES * CHANNELS; i++) source[i] = (float)(i % 97) / 97.0f - 0.5f;
    for (int i = 0; i < count; i++)
        hops[i] = bench_dsp(argv[1], &host, "gain", i % 2 ? "{\"gain_db\": 3}" : "{\"gain_db\": -3}", RATE_HZ, CHANNELS);
    run(hops, count, source, block, (uint64_t)bench_number(argv[4]));
    took = run(hops, count, source, block, (uint64_t)bench_number(argv[3]));
    bench_emit(&took, 1);
    return 0;
}
