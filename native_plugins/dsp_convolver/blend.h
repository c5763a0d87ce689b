/*
 * blend.h: how much of the input and how much of what was convolved is heard; a change is a straight line of 10 ms.
 *
 * The shares of a frame are a function of its number on the line, never of the block it came in.
 */
#ifndef CONVOLVER_BLEND_H
#define CONVOLVER_BLEND_H

#include <stdint.h>

/* Both as factors. */
typedef struct Shares {
    float dry, wet;
} Shares;

typedef struct Blend {
    uint32_t ramp_frames; /* length of the line */
    uint32_t ramp_done;   /* frames of it that are behind; ramp_frames when at the target */
    Shares from, target;
} Blend;

/* Stands at these shares. */
void blend_init(Blend *blend, uint32_t sample_rate_hz, double gain_db, double mix);

/* Begins a line to these shares, from wherever it is. */
void blend_to(Blend *blend, double gain_db, double mix);

/* Ends the line at once. */
void blend_settle(Blend *blend);

/* The shares of the next frame. */
Shares blend_next(Blend *blend);

/* Whether this could be: it comes from a state. */
int blend_is_sound(const Blend *blend);

#endif
