/*
 * trim.c: the gain of a frame by its number on the line.
 */
#include "trim.h"

#include <math.h>

#define LINES_PER_SECOND 100u

static float gain_of(double db) { return (float)pow(10.0, db / 20.0); }

/* Gain of the frame that has `done` frames of the line behind or in it; exactly the target at the end. */
static float gain_at(const Trim *trim, uint32_t done) {
    if (done >= trim->frames) return trim->target;
    return (float)(trim->from + ((double)trim->target - trim->from) * ((double)done / trim->frames));
}

void trim_set(Trim *trim, double db) {
    trim->from = trim->target = gain_of(db);
    trim->frames = trim->done = 0;
}

void trim_to(Trim *trim, double db, uint32_t sample_rate_hz) {
    float target = gain_of(db);
    if (target == trim->target) return;
    trim->from = gain_at(trim, trim->done);
    trim->target = target;
    trim->frames = sample_rate_hz / LINES_PER_SECOND + 1;
    trim->done = 0;
}

int trim_is_identity(const Trim *trim) { return trim->target == 1.0f && trim->done >= trim->frames; }

void trim_run(Trim *trim, const float *samples, float *out_samples, size_t frames, uint32_t channels) {
    for (; frames > 0 && trim->done < trim->frames; frames--) {
        float gain = gain_at(trim, ++trim->done);
        for (uint32_t c = 0; c < channels; c++) *out_samples++ = *samples++ * gain;
    }
    for (size_t i = 0; i < frames * channels; i++) out_samples[i] = samples[i] * trim->target;
}
