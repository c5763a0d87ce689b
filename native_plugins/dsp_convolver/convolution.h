/*
 * convolution.h: music folded with an impulse response, without delay.
 *
 * The first PARTITION_FRAMES taps are a plain sum over the input, which costs no delay; all others are uniformly
 * partitioned, in the frequency domain (overlap-save). Source: T. G. Stockham, "High-speed convolution and correlation"
 * (1966); W. G. Gardner, "Efficient convolution without input-output delay" (J. AES 43, 1995), section 2, with partitions
 * of one size.
 *
 * A frame's last bits depend on the input before it and on its place in its partition, never on how a stream is cut into
 * calls. All memory is laid out at create.
 */
#ifndef CONVOLVER_CONVOLUTION_H
#define CONVOLVER_CONVOLUTION_H

#include <kissfft/kiss_fftr.h>
#include <stellatune/common.h>

#include "impulse.h"

#define MAX_CHANNELS 8
#define PARTITION_FRAMES 512u
#define WINDOW_FRAMES (2 * PARTITION_FRAMES)
#define BINS (PARTITION_FRAMES + 1)

/* Four numbers at once. */
typedef float Lanes __attribute__((vector_size(16)));
#define LANES 4u
#define BIN_LANES ((BINS + LANES - 1) / LANES)

typedef struct Spectrum {
    Lanes re[BIN_LANES], im[BIN_LANES];
} Spectrum;

/* The impulse, ready for use. */
typedef struct Taps {
    float head[PARTITION_FRAMES]; /* the first taps, last one first, silence before them */
    Spectrum *tail;               /* of each further partition */
} Taps;

typedef struct Voice {
    const Taps *taps;
    float window[WINDOW_FRAMES]; /* the partition before, and this one as far as it has come */
    float tail[WINDOW_FRAMES];   /* what earlier partitions give for this one: its second half */
    Spectrum sum;                /* what those before this one give for the next, as far as it has come */
    Spectrum *past;              /* of the windows of the `tail_count` partitions before this one, a ring */
} Voice;

typedef struct Convolution {
    uint32_t channels;
    uint32_t tail_count; /* partitions of the impulse after the first */
    uint32_t head_taps;  /* of Taps.head that count, a multiple of LANES * LANES; the last ones */
    uint32_t phase;      /* frames of this partition that have come */
    uint32_t summed;     /* partitions of the impulse in Voice.sum */
    uint32_t newest;     /* index of the partition before this one in Voice.past */
    uint32_t taps_count;
    kiss_fftr_cfg forward, inverse;
    Taps taps[MAX_CHANNELS];
    Voice voices[MAX_CHANNELS];
} Convolution;

/* Makes a convolution that has heard only silence; null when memory is short. */
Convolution *convolution_new(const Impulse *impulse, uint32_t channels);

/* Forgets the past. */
void convolution_clear(Convolution *convolution);

/* How many frames it can go on by itself: up to the end of the partition, at most `frames`. */
uint32_t convolution_run_length(const Convolution *convolution, uint32_t frames);

/*
 * Hears `frames` interleaved frames, not beyond the end of the partition, and writes what comes of them to `out`, channel
 * after channel of PARTITION_FRAMES each.
 */
void convolution_run(Convolution *convolution, const float *input, uint32_t frames, float *out);

/*
 * Takes up a past: `tail_count + 1` whole partitions of interleaved frames, then `phase` frames of the one it is in. Goes
 * on bit for bit as whoever heard them before.
 */
void convolution_recall(Convolution *convolution, const float *past, uint32_t phase);

void convolution_free(Convolution *convolution);

#endif
