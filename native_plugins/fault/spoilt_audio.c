/*
 * spoilt_audio.c: samples that no stage may let out, counts that cannot be, writes beside the buffer.
 */
#include <math.h>
#include <stddef.h>

#include "kinds.h"

static void fill(const Site *site, float even, float odd) {
    size_t count = (size_t)site->frames * site->channels;
    for (size_t i = 0; i < count; i++) site->samples[i] = i % 2 ? odd : even;
}

void strike_nan(double arg, const Site *site) {
    (void)arg;
    fill(site, NAN, -NAN);
}

void strike_inf(double arg, const Site *site) {
    (void)arg;
    fill(site, INFINITY, -INFINITY);
}

void strike_loud(double arg, const Site *site) { fill(site, (float)arg, (float)-arg); }

void strike_wrong_frames(double arg, const Site *site) {
    if (site->count) *site->count = site->frames + (uint32_t)arg;
    if (site->landed) *site->landed += (uint64_t)arg;
}

void strike_overrun_write(double arg, const Site *site) {
    volatile float *end = site->samples + (size_t)site->frames * site->channels;
    for (uint32_t i = 0; i < (uint32_t)arg; i++) end[i] = 1.0f;
}

void strike_underrun_write(double arg, const Site *site) {
    volatile float *start = site->samples;
    for (int32_t i = 1; i <= (int32_t)arg; i++) start[-i] = 1.0f;
}
