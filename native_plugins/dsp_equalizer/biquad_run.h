/*
 * biquad_run.h: one biquad filter over a run of frames of two channels, in place.
 */
#ifndef EQUALIZER_BIQUAD_RUN_H
#define EQUALIZER_BIQUAD_RUN_H

#include "filter.h"

void run_steady(const Biquad *q, BiquadMemory *memory, Lanes *work, uint32_t frames);

/*
 * Coefficients in a straight line from `now` to `next`, of which the first frame has `behind` of GRID_FRAMES shares
 * behind. Between two stable filters all are stable: the triangle of stable (a1, a2) is convex.
 */
void run_moving(const Biquad *now, const Biquad *next, BiquadMemory *memory, Lanes *work, uint32_t frames,
                uint32_t behind);

/* A filter whose zeros cancel its poles: what its memory still holds is added, and nothing enters it any more. */
void ring_out(const Biquad *q, BiquadMemory *memory, Lanes *work, uint32_t frames);

#endif
