/*
 * numbering.h: which sample says which frame it is.
 *
 * Frame n below 2^24 is the number n. From there on float32 cannot tell neighbours apart, so that the rest counts in laps
 * of 2^23: frame 2^24 + k * 2^23 + m is -(2^23 + m) * 2^k. Every number is exact and belongs to one frame.
 */
#ifndef FAULT_NUMBERING_H
#define FAULT_NUMBERING_H

#include <math.h>
#include <stdint.h>

#define PLAIN_FRAMES (1ull << 24)
#define LAP_FRAMES (1ull << 23)
#define NUMBERED_FRAMES (PLAIN_FRAMES + 100 * LAP_FRAMES) /* the last lap still fits float32 */

static inline float frame_number(uint64_t frame) {
    if (frame < PLAIN_FRAMES) return (float)frame;
    frame -= PLAIN_FRAMES;
    return -ldexpf((float)(LAP_FRAMES + frame % LAP_FRAMES), (int)(frame / LAP_FRAMES));
}

#endif
