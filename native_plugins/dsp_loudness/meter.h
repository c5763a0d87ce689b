/*
 * meter.h: how loud the last seconds were - energy and peak of each 100 ms, and the gated loudness of a window of them.
 */
#ifndef LOUDNESS_METER_H
#define LOUDNESS_METER_H

#include "settings.h"
#include "weighting.h"

#define MAX_SAMPLE_RATE_HZ 768000u
#define MAX_CHANNELS 64u
#define HOPS_PER_SECOND 10u
#define MOST_HOPS (MOST_WINDOW_S * HOPS_PER_SECOND)

/* 100 ms. */
typedef struct Hop {
    double energy; /* weighted, summed over channels and frames */
    float peak;    /* highest sample of all channels, as it came */
    uint32_t reserved0;
} Hop;

/* What was heard so far. Behind it stand the memories of `channels` channels: together they are all that was. */
typedef struct Heard {
    Hop now; /* the one under way */
    uint32_t now_frames;
    uint32_t hops;   /* that are kept, at most MOST_HOPS */
    uint32_t newest; /* where the last whole one is */
    uint32_t measured; /* whether there is a loudness */
    double lufs;       /* of the window, when it last held anything that counts */
    double peak;       /* of the same */
    Hop kept[MOST_HOPS]; /* in a ring */
} Heard;

typedef struct Meter {
    Weighting weighting;
    double weights[MAX_CHANNELS];
    uint32_t channels;
    uint32_t hop_frames;
} Meter;

Meter meter_at(uint32_t sample_rate_hz, uint32_t channels);

/* Takes one frame in; 1 when it was the last of its hop, which is then kept. */
int meter_take(const Meter *meter, Heard *heard, WeightingMemory *memory, const float *frame);

/*
 * Measures the last `hops` hops (EBU R 128: blocks of 400 ms, a new one each 100 ms, gates at -70 LUFS and 10 LU below
 * what passes that). While the newest block is silence the loudness stays as it was: what leaves the window then would
 * else leave the tail of the music alone in it.
 */
void meter_measure(const Meter *meter, Heard *heard, uint32_t hops);

#endif
