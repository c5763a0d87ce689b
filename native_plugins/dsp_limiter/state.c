/*
 * state.c: checks an exported state, number by number.
 */
#include "state.h"

#include <math.h>

#include <stellatune_sdk.h>

#define STATE_MAGIC "ST-LIMIT"
#define STATE_VERSION 1u

/* 10^(24/20) is below. */
#define MOST_INPUT_GAIN 16.0f

void state_sign(StateHeader *state) {
    memcpy(state->magic, STATE_MAGIC, sizeof state->magic);
    state->version = STATE_VERSION;
}

static int levels_possible(const Levels *levels) {
    return levels->ceiling > 0 && levels->ceiling <= 1 && levels->input_gain > 0 &&
           levels->input_gain <= MOST_INPUT_GAIN && levels->release > 0;
}

static float peak_of(const float *frame, uint32_t channels) {
    float peak = 0;
    for (uint32_t c = 0; c < channels; c++) {
        if (!isfinite(frame[c])) return INFINITY;
        peak = fmaxf(peak, fabsf(frame[c]));
    }
    return peak;
}

/*
 * From the oldest frame to the newest: what a frame needs keeps it within 0 dB, the highest ceiling there is; what is
 * released is at most the least needed up to there. With that, whatever was written there, nothing exceeds 0 dB.
 */
static int rings_possible(const StateHeader *h, const uint32_t *rings) {
    const uint32_t *needed = rings, *released = needed + h->lookahead_frames;
    const float *held = (const float *)(released + h->lookahead_frames);
    uint32_t at = h->at, least = GAIN_ONE;
    for (uint32_t i = 0; i < h->lookahead_frames; i++) {
        double peak = peak_of(held + (size_t)at * h->channels, h->channels);
        if (!isfinite(peak) || needed[at] > GAIN_ONE || peak * needed[at] > GAIN_ONE) return 0;
        if (needed[at] < least) least = needed[at];
        if (released[at] > least) return 0;
        if (++at == h->lookahead_frames) at = 0;
    }
    return 1;
}

static StStatus check_header(const StateHeader *h, const StateHeader *own) {
    if (memcmp(h->magic, own->magic, sizeof h->magic) != 0 || h->version != own->version)
        return st_error(ST_ERROR_INVALID_ARG, "limiter: the state was written by another plugin or version");
    if (h->sample_rate_hz != own->sample_rate_hz || h->channels != own->channels)
        return st_error(ST_ERROR_INVALID_ARG, "limiter: the state was made for another rate or channel count");
    if (h->lookahead_frames != own->lookahead_frames)
        return st_error(ST_ERROR_INVALID_ARG, "limiter: the state has a look-ahead of %u frames, not of %u",
                        (unsigned)h->lookahead_frames, (unsigned)own->lookahead_frames);
    if (h->size_bytes != own->size_bytes || h->at >= h->lookahead_frames || h->ramp_frames != own->ramp_frames ||
        h->ramp_done > h->ramp_frames || !levels_possible(&h->from) || !levels_possible(&h->target))
        return st_error(ST_ERROR_INVALID_ARG, "limiter: the state is damaged");
    return st_ok();
}

StStatus state_read(StBlob blob, Limiter *limiter) {
    StateHeader *own = limiter->state, header;
    Levels configured = own->target;
    size_t rings_bytes = own->size_bytes - sizeof header;
    uint32_t *rings;
    StStatus checked;
    if (blob.len < sizeof header)
        return st_error(ST_ERROR_INVALID_ARG, "limiter: a state of %zu bytes is not of this version", blob.len);
    memcpy(&header, blob.ptr, sizeof header);
    checked = check_header(&header, own);
    if (checked.code != ST_OK) return checked;
    if (blob.len != own->size_bytes) return st_error(ST_ERROR_INVALID_ARG, "limiter: the state is damaged");
    rings = malloc(rings_bytes);
    if (rings == NULL) return st_error(ST_ERROR_INTERNAL, "limiter: no memory for a state of %zu bytes", blob.len);
    memcpy(rings, blob.ptr + sizeof header, rings_bytes);
    if (rings_possible(&header, rings)) {
        *own = header;
        memcpy(own + 1, rings, rings_bytes);
        limiter_resume(limiter);
        limiter_ramp_to(limiter, configured);
    } else {
        checked = st_error(ST_ERROR_INVALID_ARG, "limiter: the state is damaged");
    }
    free(rings);
    return checked;
}
