/*
 * leveller.h: from loudness to a gain that moves in straight lines, over interleaved float32.
 *
 * Everything happens on a grid of 100 ms that begins with the first frame, so no result depends on how the stream is cut
 * into calls.
 */
#ifndef LOUDNESS_LEVELLER_H
#define LOUDNESS_LEVELLER_H

#include "meter.h"

/* What is exported, to the byte; behind it stand the memories of the channels. */
typedef struct State {
    char magic[8];
    uint32_t version;
    uint32_t size_bytes; /* with the memories */
    uint32_t sample_rate_hz;
    uint32_t channels;
    double level_db;     /* where the line of the hop under way ends */
    double gain_from;    /* the same as gains, and where it begins */
    double gain_to;
    Heard heard;
} State;

ST_STATIC_ASSERT(sizeof(State) == 48 + 48 + MOST_HOPS * 16, "State has no padding");

typedef struct Leveller {
    State *state;
    WeightingMemory *memory; /* of each channel, behind the state */
    Meter meter;
    Settings settings;
} Leveller;

/* As it is in the beginning: at 0 dB, nothing heard. Errors: INTERNAL (no memory). */
StStatus leveller_make(Leveller *leveller, uint32_t sample_rate_hz, uint32_t channels, const Settings *settings);

void leveller_free(Leveller *leveller);

/* Forgets the past. */
void leveller_clear(Leveller *leveller);

/* Levels `frames` frames in place. */
void leveller_run(Leveller *leveller, float *samples, uint32_t frames);

#endif
