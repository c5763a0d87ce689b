/*
 * numbers.h: frames that say where they belong, so that a lost, doubled, torn or moved one is noticed.
 */
#ifndef ST_SANITIZE_NUMBERS_H
#define ST_SANITIZE_NUMBERS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHANNELS 2u
#define DIGIT 4096u

/* The frame at `position` after `effects` effects, each of which adds one to the third digit. */
static inline void number_of(uint64_t position, uint32_t effects, float *frame) {
    frame[0] = (float)(position % DIGIT);
    frame[1] = (float)(position / DIGIT % DIGIT + (uint64_t)effects * DIGIT);
}

/* Ends the run when the frame is another one. */
static inline void expect_number(const char *who, uint64_t position, uint32_t effects, const float *frame) {
    float expected[CHANNELS];
    number_of(position, effects, expected);
    if (frame[0] == expected[0] && frame[1] == expected[1]) return;
    fprintf(stderr, "%s: frame %llu is (%g, %g), not (%g, %g)\n", who, (unsigned long long)position, (double)frame[0],
            (double)frame[1], (double)expected[0], (double)expected[1]);
    _exit(1);
}

/* Ends the run when something that must hold does not. */
static inline void expect(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "not so: %s\n", what);
    _exit(1);
}

#endif
