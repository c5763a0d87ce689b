/*
 * meter.c: the loudness of ITU-R BS.1770-4, annex 1, over a window.
 */
#include "meter.h"

#include <math.h>
#include <string.h>

#define BLOCK_HOPS 4u
#define OFFSET_LUFS -0.691
#define ABSOLUTE_GATE_LUFS -70.0
#define RELATIVE_GATE 0.1 /* -10 LU */

Meter meter_at(uint32_t sample_rate_hz, uint32_t channels) {
    Meter meter;
    memset(&meter, 0, sizeof meter);
    meter.weighting = weighting_at(sample_rate_hz);
    meter.channels = channels;
    meter.hop_frames = (sample_rate_hz + HOPS_PER_SECOND / 2) / HOPS_PER_SECOND;
    for (uint32_t c = 0; c < channels; c++) meter.weights[c] = channel_weight(c, channels);
    return meter;
}

static void keep_hop(const Meter *m, Heard *heard, WeightingMemory *memory) {
    heard->newest = heard->newest + 1 < MOST_HOPS ? heard->newest + 1 : 0;
    heard->kept[heard->newest] = heard->now;
    if (heard->hops < MOST_HOPS) heard->hops++;
    memset(&heard->now, 0, sizeof heard->now);
    heard->now_frames = 0;
    for (uint32_t c = 0; c < m->channels; c++) weighting_settle(&memory[c]);
}

int meter_take(const Meter *m, Heard *heard, WeightingMemory *memory, const float *frame) {
    for (uint32_t c = 0; c < m->channels; c++) {
        float sample = isfinite(frame[c]) ? frame[c] : 0.0f;
        double weighted = weighting_next(&m->weighting, &memory[c], sample);
        if (fabsf(sample) > heard->now.peak) heard->now.peak = fabsf(sample);
        heard->now.energy += m->weights[c] * weighted * weighted;
    }
    if (++heard->now_frames < m->hop_frames) return 0;
    keep_hop(m, heard, memory);
    return 1;
}

/* The hop that came `ago` hops before the newest. */
static const Hop *hop_before(const Heard *heard, uint32_t ago) {
    return &heard->kept[heard->newest >= ago ? heard->newest - ago : heard->newest + MOST_HOPS - ago];
}

/* Mean energy of the block whose first hop came `oldest` hops before the newest. */
static double block_energy(const Meter *m, const Heard *heard, uint32_t oldest) {
    double energy = 0;
    for (uint32_t i = 0; i < BLOCK_HOPS; i++) energy += hop_before(heard, oldest - i)->energy;
    return energy / ((double)BLOCK_HOPS * m->hop_frames);
}

/* Mean energy of the blocks in the last `hops` hops that reach a gate; 0 when none does. */
static double gated_mean(const Meter *m, const Heard *heard, uint32_t hops, double gate) {
    double sum = 0;
    uint32_t blocks = 0;
    for (uint32_t oldest = hops; oldest >= BLOCK_HOPS; oldest--) {
        double energy = block_energy(m, heard, oldest - 1);
        if (energy < gate) continue;
        sum += energy;
        blocks++;
    }
    return blocks ? sum / blocks : 0;
}

void meter_measure(const Meter *m, Heard *heard, uint32_t hops) {
    double gate = pow(10.0, (ABSOLUTE_GATE_LUFS - OFFSET_LUFS) / 10.0), mean;
    float peak = 0;
    if (hops > heard->hops) hops = heard->hops;
    if (hops < BLOCK_HOPS || block_energy(m, heard, BLOCK_HOPS - 1) < gate) return;
    mean = gated_mean(m, heard, hops, gate);
    if (mean * RELATIVE_GATE > gate) mean = gated_mean(m, heard, hops, mean * RELATIVE_GATE);
    for (uint32_t i = 0; i < hops; i++) peak = fmaxf(peak, hop_before(heard, i)->peak);
    heard->lufs = OFFSET_LUFS + 10.0 * log10(mean);
    heard->peak = peak;
    heard->measured = 1;
}
