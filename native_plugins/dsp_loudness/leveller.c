/*
 * leveller.c: once per hop it is decided where the gain is to be at the end of the next one.
 */
#include "leveller.h"

#include <math.h>
#include <string.h>

#include <stellatune_sdk.h>

#define HOP_S (1.0 / HOPS_PER_SECOND)
/* After a start or a seek little is known, and what is known soon is far more than nothing. */
#define YOUNG_HOPS (3u * HOPS_PER_SECOND)
#define YOUNG_SPEED_DB_S 20.0
#define GUARD_SPEED_DB_S 60.0

StStatus leveller_make(Leveller *l, uint32_t sample_rate_hz, uint32_t channels, const Settings *settings) {
    size_t size = sizeof *l->state + channels * sizeof *l->memory;
    l->state = calloc(1, size);
    if (l->state == NULL) return st_error(ST_ERROR_INTERNAL, "loudness: no memory for %zu bytes", size);
    l->memory = (WeightingMemory *)(l->state + 1);
    l->meter = meter_at(sample_rate_hz, channels);
    l->settings = *settings;
    l->state->size_bytes = (uint32_t)size;
    l->state->sample_rate_hz = sample_rate_hz;
    l->state->channels = channels;
    leveller_clear(l);
    return st_ok();
}

void leveller_free(Leveller *l) { free(l->state); }

void leveller_clear(Leveller *l) {
    memset(&l->state->heard, 0, sizeof l->state->heard);
    memset(l->memory, 0, l->state->channels * sizeof *l->memory);
    l->state->level_db = 0;
    l->state->gain_from = l->state->gain_to = 1;
}

static double within(double value, double least, double most) {
    return value < least ? least : value > most ? most : value;
}

/* The level at the end of the next hop. */
static double next_level_db(const Leveller *l) {
    const Settings *s = &l->settings;
    const Heard *heard = &l->state->heard;
    double now = l->state->level_db, next, guard;
    double step = (heard->hops < YOUNG_HOPS ? fmax(YOUNG_SPEED_DB_S, s->speed_db_s) : s->speed_db_s) * HOP_S;
    if (!heard->measured) return now;
    next = within(s->target_lufs - heard->lufs, -s->max_cut_db, s->max_boost_db);
    next = within(next, now - step, now + step);
    if (heard->peak == 0) return next;
    guard = fmax(s->peak_db - 20.0 * log10(heard->peak), -s->max_cut_db);
    return next > guard ? fmax(guard, now - GUARD_SPEED_DB_S * HOP_S) : next;
}

static void begin_hop(Leveller *l) {
    State *state = l->state;
    meter_measure(&l->meter, &state->heard, (uint32_t)(l->settings.window_s * HOPS_PER_SECOND));
    state->gain_from = state->gain_to;
    state->level_db = next_level_db(l);
    state->gain_to = pow(10.0, state->level_db / 20.0);
}

void leveller_run(Leveller *l, float *samples, uint32_t frames) {
    State *state = l->state;
    uint32_t channels = state->channels;
    for (; frames > 0; frames--, samples += channels) {
        double way = (double)state->heard.now_frames / l->meter.hop_frames;
        double gain = state->gain_from + (state->gain_to - state->gain_from) * way;
        int hop_ends = meter_take(&l->meter, &state->heard, l->memory, samples);
        if (gain != 1.0)
            for (uint32_t c = 0; c < channels; c++) samples[c] = (float)(samples[c] * gain);
        if (hop_ends) begin_hop(l);
    }
}
