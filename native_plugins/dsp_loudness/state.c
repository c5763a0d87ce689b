/*
 * state.c: checks an exported state, number by number.
 */
#include "state.h"

#include <math.h>
#include <string.h>

#include <stellatune_sdk.h>

#define STATE_MAGIC "ST-LOUDN"
#define STATE_VERSION 1u

/* What any settings allow. */
#define LEAST_LEVEL_DB -40.0
#define MOST_LEVEL_DB 30.0
#define MOST_LUFS 1000.0

void state_sign(State *state) {
    memcpy(state->magic, STATE_MAGIC, sizeof state->magic);
    state->version = STATE_VERSION;
}

static int hop_possible(const Hop *hop) {
    return isfinite(hop->energy) && hop->energy >= 0 && isfinite(hop->peak) && hop->peak >= 0;
}

static int heard_possible(const Heard *heard, uint32_t hop_frames) {
    if (heard->now_frames >= hop_frames || heard->hops > MOST_HOPS || heard->newest >= MOST_HOPS ||
        heard->measured > 1 || !(fabs(heard->lufs) <= MOST_LUFS) || !(heard->peak >= 0 && isfinite(heard->peak)) ||
        !hop_possible(&heard->now))
        return 0;
    for (uint32_t i = 0; i < MOST_HOPS; i++)
        if (!hop_possible(&heard->kept[i])) return 0;
    return 1;
}

static int gain_possible(double gain) {
    return gain >= pow(10.0, LEAST_LEVEL_DB / 20.0) && gain <= pow(10.0, MOST_LEVEL_DB / 20.0);
}

static int state_possible(const State *state, uint32_t hop_frames) {
    return state->level_db >= LEAST_LEVEL_DB && state->level_db <= MOST_LEVEL_DB &&
           state->gain_to == pow(10.0, state->level_db / 20.0) && gain_possible(state->gain_from) &&
           gain_possible(state->gain_to) && heard_possible(&state->heard, hop_frames);
}

static int memory_possible(const WeightingMemory *memory, uint32_t channels) {
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t s = 0; s < STAGES; s++)
            if (!isfinite(memory[c].z[s][0]) || !isfinite(memory[c].z[s][1])) return 0;
    return 1;
}

static StStatus check(const State *state, const State *own, uint32_t hop_frames) {
    if (memcmp(state->magic, own->magic, sizeof state->magic) != 0 || state->version != own->version)
        return st_error(ST_ERROR_INVALID_ARG, "loudness: the state was written by another plugin or version");
    if (state->sample_rate_hz != own->sample_rate_hz || state->channels != own->channels)
        return st_error(ST_ERROR_INVALID_ARG, "loudness: the state was made for another rate or channel count");
    if (state->size_bytes != own->size_bytes || !state_possible(state, hop_frames))
        return st_error(ST_ERROR_INVALID_ARG, "loudness: the state is damaged");
    return st_ok();
}

StStatus state_read(StBlob blob, Leveller *leveller) {
    uint32_t size = leveller->state->size_bytes;
    StStatus checked;
    State *copy;
    if (blob.len != size)
        return st_error(ST_ERROR_INVALID_ARG, "loudness: a state of %zu bytes is not of this version, rate or layout",
                        blob.len);
    copy = malloc(size);
    if (copy == NULL) return st_error(ST_ERROR_INTERNAL, "loudness: no memory for a state of %zu bytes", blob.len);
    memcpy(copy, blob.ptr, size);
    checked = check(copy, leveller->state, leveller->meter.hop_frames);
    if (checked.code == ST_OK && !memory_possible((const WeightingMemory *)(copy + 1), copy->channels))
        checked = st_error(ST_ERROR_INVALID_ARG, "loudness: the state is damaged");
    if (checked.code == ST_OK) memcpy(leveller->state, copy, size);
    free(copy);
    return checked;
}
