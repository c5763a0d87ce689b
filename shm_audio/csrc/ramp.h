/*
 * ramp.h: a gain that moves in a straight line, frame by frame.
 */
#ifndef ST_SHM_RAMP_H
#define ST_SHM_RAMP_H

#include <stddef.h>
#include <stdint.h>

typedef struct st_ramp {
    float from;
    float to;
    uint32_t frames; /* length of the way, 0 = at the target */
    uint32_t done;
} st_ramp;

/*
 * Stands at `gain`.
 * thread: the ramp's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ramp_set(st_ramp *ramp, float gain);

/*
 * Moves from where it is to `gain` within `frames`.
 * thread: the ramp's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ramp_to(st_ramp *ramp, float gain, uint32_t frames);

/*
 * Multiplies a block and moves on. A standing gain of exactly 1 leaves every bit as it is.
 * thread: the ramp's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ramp_apply(st_ramp *ramp, float *samples, uint32_t frames, uint32_t channels);

/*
 * Moves on by so many frames, as if they had been multiplied.
 * thread: the ramp's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_ramp_skip(st_ramp *ramp, uint32_t frames);

#endif
