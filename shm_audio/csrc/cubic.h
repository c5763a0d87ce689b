/*
 * cubic.h: the quickest rate conversion: a cubic through the four nearest frames, at times that are exact fractions.
 *
 * libsoxr has the same cubic, but counts time in steps of 2^-32 frames: what a successor gives drifts away from what the
 * one before would have given. Here every output is a function of its number and of four input frames, to the bit.
 */
#ifndef ST_SHM_CUBIC_H
#define ST_SHM_CUBIC_H

#include <stddef.h>
#include <stdint.h>

typedef struct st_cubic st_cubic;

/*
 * Makes one that gives `out_frames` for `in_frames`, which have no common divisor, from blocks of `max_in_frames` at most.
 * thread: any
 * realtime: no
 * owned: it is the caller's until st_cubic_free
 * valid until: st_cubic_free
 * errors: null, out of memory
 */
st_cubic *st_cubic_make(uint32_t in_frames, uint32_t out_frames, uint32_t channels, uint32_t max_in_frames);

/*
 * Converts one block into `out`, which has room for what max_in_frames + 3 frames last; gives how many these are. Null
 * input means that no more will come.
 * thread: the converter's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
size_t st_cubic_run(st_cubic *cubic, const float *samples, uint32_t frames, float *out);

/*
 * Frees it; null is fine.
 * thread: any
 * realtime: no
 * owned: it is gone
 * valid until: return
 * errors: none
 */
void st_cubic_free(st_cubic *cubic);

#endif
