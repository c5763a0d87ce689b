/*
 * impulse.h: an impulse response as it stands in an audio file.
 */
#ifndef CONVOLVER_IMPULSE_H
#define CONVOLVER_IMPULSE_H

#include <stellatune/common.h>

#define IMPULSE_MAX_SECONDS 10u
#define IMPULSE_MAX_FRAMES 960000u /* 10 s at 96 kHz */

/* Smaller than anybody hears, -240 dB: silence, lest products of such numbers are denormal, and slow. */
#define IMPULSE_TINY 1e-12f

typedef struct Impulse {
    float *samples; /* channel after channel, of `frames` each */
    uint32_t frames;
    uint32_t channels;
    uint64_t hash; /* of all of the above: tells whether two are the same */
} Impulse;

/*
 * Reads the file behind `fd`, which stays the caller's and whose offset is neither used nor moved, for audio of this rate
 * and these channels. `name` is for texts. Written only on success.
 */
StStatus impulse_read(int fd, const char *name, uint32_t sample_rate_hz, uint32_t channels, Impulse *out_impulse);

/* Frees what it holds, not the impulse. */
void impulse_clear(Impulse *impulse);

#endif
