/*
 * biquad_run.c: transposed direct form II; the memory stays in registers for the run.
 */
#include "biquad_run.h"

void run_steady(const Biquad *q, BiquadMemory *memory, Lanes *work, uint32_t frames) {
    Lanes s1 = memory->s1, s2 = memory->s2;
    for (uint32_t i = 0; i < frames; i++) {
        Lanes x = work[i], y = q->b0 * x + s1;
        s1 = (q->b1 * x + s2) - q->a1 * y;
        s2 = q->b2 * x - q->a2 * y;
        work[i] = y;
    }
    memory->s1 = s1;
    memory->s2 = s2;
}

void run_moving(const Biquad *now, const Biquad *next, BiquadMemory *memory, Lanes *work, uint32_t frames,
                uint32_t behind) {
    Biquad way = {next->b0 - now->b0, next->b1 - now->b1, next->b2 - now->b2, next->a1 - now->a1, next->a2 - now->a2};
    Lanes s1 = memory->s1, s2 = memory->s2;
    for (uint32_t i = 0; i < frames; i++) {
        double share = (behind + i + 1) * (1.0 / GRID_FRAMES);
        Lanes x = work[i], y = (now->b0 + way.b0 * share) * x + s1;
        s1 = ((now->b1 + way.b1 * share) * x + s2) - (now->a1 + way.a1 * share) * y;
        s2 = (now->b2 + way.b2 * share) * x - (now->a2 + way.a2 * share) * y;
        work[i] = y;
    }
    memory->s1 = s1;
    memory->s2 = s2;
}

void ring_out(const Biquad *q, BiquadMemory *memory, Lanes *work, uint32_t frames) {
    Lanes s1 = memory->s1, s2 = memory->s2;
    for (uint32_t i = 0; i < frames; i++) {
        work[i] += s1;
        Lanes left = s2 - q->a1 * s1;
        s2 = -q->a2 * s1;
        s1 = left;
    }
    memory->s1 = s1;
    memory->s2 = s2;
}
