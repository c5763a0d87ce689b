/*
 * ramp.c: the straight line, and the two cheap cases beside it.
 */
#include "ramp.h"

void st_ramp_set(st_ramp *ramp, float gain) {
    ramp->from = ramp->to = gain;
    ramp->frames = ramp->done = 0;
}

static float gain_now(const st_ramp *ramp) {
    if (ramp->done >= ramp->frames) return ramp->to;
    return ramp->from + (ramp->to - ramp->from) * ((float)ramp->done / (float)ramp->frames);
}

void st_ramp_to(st_ramp *ramp, float gain, uint32_t frames) {
    ramp->from = gain_now(ramp);
    ramp->to = gain;
    ramp->frames = frames;
    ramp->done = 0;
}

void st_ramp_apply(st_ramp *ramp, float *samples, uint32_t frames, uint32_t channels) {
    uint32_t frame = 0;
    for (; frame < frames && ramp->done < ramp->frames; frame++, ramp->done++) {
        float gain = gain_now(ramp);
        for (uint32_t c = 0; c < channels; c++) samples[(size_t)frame * channels + c] *= gain;
    }
    if (frame < frames && ramp->to != 1.0f) {
        float gain = ramp->to;
        size_t end = (size_t)frames * channels;
        for (size_t i = (size_t)frame * channels; i < end; i++) samples[i] *= gain;
    }
}

void st_ramp_skip(st_ramp *ramp, uint32_t frames) {
    uint32_t left = ramp->frames - ramp->done;
    ramp->done += frames < left ? frames : left;
}
