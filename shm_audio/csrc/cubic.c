/*
 * cubic.c: four frames, a fraction, one cubic; silence stands before the first frame and behind the last.
 */
#include "cubic.h"

#include <stdlib.h>
#include <string.h>

/* Frames beside those of a block: one before and two behind the frame that an output follows. */
#define KEPT_FRAMES 3u

struct st_cubic {
    uint32_t in_step, out_step; /* an output is in_step / out_step frames behind the one before */
    uint32_t channels;
    uint32_t phase;             /* of the next output, in parts of out_step */
    uint64_t at;                /* index in `frames` of the frame that it follows */
    size_t held;                /* frames there */
    int ended;
    float *frames;
};

st_cubic *st_cubic_make(uint32_t in_frames, uint32_t out_frames, uint32_t channels, uint32_t max_in_frames) {
    size_t most = (size_t)max_in_frames + KEPT_FRAMES + 1;
    st_cubic *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->in_step = in_frames;
    c->out_step = out_frames;
    c->channels = channels;
    c->at = c->held = 1;
    c->frames = calloc(most * channels, sizeof(float));
    if (c->frames == NULL) {
        free(c);
        return NULL;
    }
    return c;
}

/* The cubic through s[-1], s[0], s[1] and s[2], at x between s[0] and s[1]. */
static float between(const float *s, size_t stride, double x) {
    double before = s[0], here = s[stride], next = s[2 * stride], after = s[3 * stride];
    double b = 0.5 * (next + before) - here;
    double a = (after - next + before - here - 4.0 * b) / 6.0;
    double c = next - here - a - b;
    return (float)(((a * x + b) * x + c) * x + here);
}

/* All outputs whose four frames are there. */
static size_t give(st_cubic *c, float *out) {
    size_t made = 0;
    while (c->at + 2 < c->held) {
        const float *first = c->frames + (c->at - 1) * c->channels;
        double x = (double)c->phase / c->out_step;
        uint64_t phase = (uint64_t)c->phase + c->in_step;
        for (uint32_t channel = 0; channel < c->channels; channel++) *out++ = between(first + channel, c->channels, x);
        c->at += phase / c->out_step;
        c->phase = (uint32_t)(phase % c->out_step);
        made++;
    }
    return made;
}

static void forget(st_cubic *c) {
    size_t past = c->at - 1 < c->held ? (size_t)(c->at - 1) : c->held;
    memmove(c->frames, c->frames + past * c->channels, (c->held - past) * c->channels * sizeof(float));
    c->held -= past;
    c->at -= past;
}

size_t st_cubic_run(st_cubic *c, const float *samples, uint32_t frames, float *out) {
    size_t made;
    if (samples != NULL) {
        memcpy(c->frames + c->held * c->channels, samples, (size_t)frames * c->channels * sizeof(float));
        c->held += frames;
    } else if (!c->ended) {
        c->ended = 1;
        memset(c->frames + c->held * c->channels, 0, 2 * c->channels * sizeof(float));
        c->held += 2;
    }
    made = give(c, out);
    forget(c);
    return made;
}

void st_cubic_free(st_cubic *c) {
    if (c == NULL) return;
    free(c->frames);
    free(c);
}
