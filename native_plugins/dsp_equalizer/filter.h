/*
 * filter.h: a row of biquad filters over interleaved float32, two channels in one vector, each on its way to a setting.
 *
 * The row has a slot for every band of the configuration, and before it one for a band that stood there in an earlier
 * configuration and is leaving. A slot that is out and whose memory has died away costs nothing and changes no bit.
 */
#ifndef EQUALIZER_FILTER_H
#define EQUALIZER_FILTER_H

#include "glide.h"

#define MAX_CHANNELS 8
#define MAX_PAIRS (MAX_CHANNELS / 2)
#define MAX_SLOTS (2 * MAX_BANDS)

/* Settings move and memory is looked at every so many frames, counted from the start: block sizes do not matter. */
#define GRID_FRAMES 64u

/* Two channels side by side; the second of the last pair is silent when their number is odd. */
typedef double Lanes __attribute__((vector_size(16)));

typedef struct BiquadMemory {
    Lanes s1, s2;
} BiquadMemory;

typedef enum SlotRun {
    RUN_NOT,    /* out, and nothing is left of it */
    RUN_OUT,    /* out, and its memory rings on */
    RUN_STEADY,
    RUN_MOVING,
} SlotRun;

typedef struct Slot {
    int used;
    BandType type;
    Glide glide;
    Biquad now, next; /* at the begin and at the end of the grid's step that is under way */
    SlotRun run;      /* for that step */
} Slot;

typedef struct Filter {
    uint32_t channels;
    uint32_t sample_rate_hz;
    uint32_t steps;      /* of a glide */
    uint32_t grid_frame; /* frames of the grid's step that are behind, below GRID_FRAMES */
    Glide preamp;        /* its depth, in dB */
    double preamp_now, preamp_next;
    int idle; /* for the step that is under way: no sample changes */
    Slot slots[MAX_SLOTS];
    BiquadMemory memory[MAX_PAIRS][MAX_SLOTS];
} Filter;

static inline uint32_t slot_of_band(uint32_t band) { return 2 * band + 1; }
static inline uint32_t slot_of_leaving(uint32_t place) { return 2 * place; }
static inline int slot_is_leaving(uint32_t slot) { return slot % 2 == 0; }

/* A zeroed filter stands at the list's settings. */
void filter_start(Filter *filter, const BandList *list, uint32_t sample_rate_hz, uint32_t channels);

/* Goes from wherever it is to the list's settings, whose types are those of its slots. What means the same stays. */
void filter_aim(Filter *filter, const BandList *list);

/* Takes up slots, glides and memory that were written from outside, and goes on from there to the list's settings. */
void filter_resume(Filter *filter, const BandList *list);

/* Forgets the past: no memory, all glides at their targets. */
void filter_clear(Filter *filter);

/* Filters `frames` frames in place. The result does not depend on how a stream is cut into calls. */
void filter_run(Filter *filter, float *samples, uint32_t frames);

#endif
