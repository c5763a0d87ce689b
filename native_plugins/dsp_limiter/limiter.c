/*
 * limiter.c: the loop that never lets a sample above the ceiling.
 *
 * With a look-ahead of L frames the gain of a frame is the mean of L + 1 released gains, each at most the least of L + 1
 * needed gains, and the frame's own is among them every time. So the mean is at most what the frame needs, rounding is
 * downwards, and the product is exact before it is rounded to float32: it cannot exceed the ceiling of the frame.
 */
#include "limiter.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <stellatune_sdk.h>

#define RAMPS_PER_SECOND 100u
#define GAIN_STEP (1.0 / GAIN_ONE)

StStatus limiter_make(Limiter *l, uint32_t sample_rate_hz, uint32_t channels, uint32_t lookahead_frames,
                      Levels levels) {
    size_t ring_bytes = (size_t)lookahead_frames * sizeof(uint32_t);
    size_t size = sizeof *l->state + 2 * ring_bytes + ring_bytes * channels;
    uint8_t *bytes = calloc(1, size);
    l->state = (StateHeader *)bytes;
    l->window.frames = lookahead_frames + 1;
    l->window.entries = calloc(l->window.frames, sizeof *l->window.entries);
    if (bytes == NULL || l->window.entries == NULL) {
        limiter_free(l);
        return st_error(ST_ERROR_INTERNAL, "limiter: no memory for a look-ahead of %u frames",
                        (unsigned)lookahead_frames);
    }
    l->needed = (uint32_t *)(bytes + sizeof *l->state);
    l->released = l->needed + lookahead_frames;
    l->held = (float *)(l->released + lookahead_frames);
    l->state->size_bytes = (uint32_t)size;
    l->state->sample_rate_hz = sample_rate_hz;
    l->state->channels = channels;
    l->state->lookahead_frames = lookahead_frames;
    l->state->ramp_frames = sample_rate_hz / RAMPS_PER_SECOND + 1;
    l->state->from = l->state->target = levels;
    limiter_clear(l);
    return st_ok();
}

void limiter_free(Limiter *l) {
    free(l->state);
    free(l->window.entries);
}

void limiter_clear(Limiter *l) {
    uint32_t frames = l->state->lookahead_frames;
    for (uint32_t i = 0; i < frames; i++) l->needed[i] = l->released[i] = GAIN_ONE;
    memset(l->held, 0, (size_t)frames * l->state->channels * sizeof *l->held);
    l->state->at = 0;
    l->state->ramp_done = l->state->ramp_frames;
    limiter_resume(l);
}

static double between(double from, double to, double share) { return from + (to - from) * share; }

/* Levels of the frame that has `done` frames of the line behind or in it; exactly the target at the end. */
static Levels levels_at(const StateHeader *s, uint32_t done) {
    double share = (double)done / s->ramp_frames;
    Levels levels = {(float)between(s->from.ceiling, s->target.ceiling, share),
                     (float)between(s->from.input_gain, s->target.input_gain, share),
                     (uint32_t)between(s->from.release, s->target.release, share)};
    return done >= s->ramp_frames ? s->target : levels;
}

void limiter_resume(Limiter *l) {
    const StateHeader *s = l->state;
    uint32_t at = s->at;
    window_clear(&l->window);
    l->released_sum = 0;
    for (uint32_t i = 0; i < s->lookahead_frames; i++) {
        window_push(&l->window, l->needed[at]);
        l->released_sum += l->released[at];
        if (++at == s->lookahead_frames) at = 0;
    }
    l->now = levels_at(s, s->ramp_done);
}

void limiter_ramp_to(Limiter *l, Levels target) {
    const Levels *old = &l->state->target;
    if (target.ceiling == old->ceiling && target.input_gain == old->input_gain && target.release == old->release) return;
    l->state->from = l->now;
    l->state->target = target;
    l->state->ramp_done = 0;
}

/* Applies the input gain in place; says the peak. What is no number becomes silence. */
static float take_in(float *frame, uint32_t channels, float gain) {
    float peak = 0;
    for (uint32_t c = 0; c < channels; c++) {
        float sample = frame[c] * gain, size = fabsf(sample);
        if (!(size <= FLT_MAX)) sample = size = 0;
        if (size > peak) peak = size;
        frame[c] = sample;
    }
    return peak;
}

/* The greatest gain at which a peak is within the ceiling; the products are exact, the quotient may be one step off. */
static uint32_t needed_gain(float peak, float ceiling) {
    double limit = (double)ceiling * GAIN_ONE;
    uint32_t gain;
    if (peak <= ceiling) return GAIN_ONE;
    gain = (uint32_t)(limit / peak);
    return (double)peak * gain > limit ? gain - 1 : gain;
}

/* Down at once, up by a share of the way: rounded upwards, so that it arrives. */
static uint32_t release(uint32_t last, uint32_t least, uint32_t share) {
    if (last >= least) return least;
    return last + (uint32_t)(((uint64_t)(least - last) * share + UINT32_MAX) >> 32);
}

/* Gain of the oldest held frame, for which the needed gain of the newest is the last that counts. */
static uint32_t next_gain(Limiter *l, uint32_t needed) {
    uint32_t at = l->state->at, frames = l->state->lookahead_frames;
    uint32_t least = window_push(&l->window, needed), last = l->released[at > 0 ? at - 1 : frames - 1];
    uint32_t released = release(last, least, l->now.release);
    uint64_t sum = l->released_sum + released, whole = (uint64_t)(frames + 1) * GAIN_ONE;
    l->released_sum = sum - l->released[at];
    l->needed[at] = needed;
    l->released[at] = released;
    return sum == whole ? GAIN_ONE : (uint32_t)(sum / (frames + 1));
}

/* The oldest held frame comes out at a gain, the new one takes its place. */
static void give_out(float *frame, float *held, uint32_t channels, uint32_t gain) {
    for (uint32_t c = 0; c < channels; c++) {
        float late = held[c];
        held[c] = frame[c];
        frame[c] = gain == GAIN_ONE ? late : (float)(late * (gain * GAIN_STEP));
    }
}

void limiter_run(Limiter *l, float *samples, uint32_t frames) {
    StateHeader *s = l->state;
    uint32_t channels = s->channels;
    for (; frames > 0; frames--, samples += channels) {
        uint32_t needed;
        if (s->ramp_done < s->ramp_frames) l->now = levels_at(s, ++s->ramp_done);
        needed = needed_gain(take_in(samples, channels, l->now.input_gain), l->now.ceiling);
        give_out(samples, l->held + (size_t)s->at * channels, channels, next_gain(l, needed));
        if (++s->at == s->lookahead_frames) s->at = 0;
    }
}
