/*
 * state.c: keeps the past, writes the header before it, and checks what comes from another instance.
 */
#include "state.h"

#include <stellatune_sdk.h>

#define STATE_MAGIC "ST-CNVLV"
#define STATE_VERSION 1u

/* ---- the past ---- */

static uint8_t *frame_at(const Past *past, size_t frame) {
    return past->memory + sizeof(StateHeader) + frame * past->frame_bytes;
}

int past_init(Past *past, uint32_t channels, size_t whole_frames) {
    past->frame_bytes = channels * sizeof(float);
    past->whole_frames = whole_frames;
    /* Twice what is kept: then each frame is moved once. */
    past->capacity_frames = whole_frames ? 2 * (whole_frames + PARTITION_FRAMES) : 0;
    past->memory = malloc(sizeof(StateHeader) + past->capacity_frames * past->frame_bytes);
    if (past->memory == NULL) return 0;
    past_clear(past);
    return 1;
}

void past_clear(Past *past) {
    past->begin = 0;
    past->end = past->whole_frames;
    memset(past->memory, 0, sizeof(StateHeader) + past->capacity_frames * past->frame_bytes);
}

void past_add(Past *past, const float *samples, uint32_t frames) {
    if (past->end + frames > past->capacity_frames) {
        memmove(frame_at(past, 0), frame_at(past, past->begin), (past->end - past->begin) * past->frame_bytes);
        past->end -= past->begin;
        past->begin = 0;
    }
    memcpy(frame_at(past, past->end), samples, frames * past->frame_bytes);
    past->end += frames;
    if (past->end - past->begin == past->whole_frames + PARTITION_FRAMES) past->begin += PARTITION_FRAMES;
}

void past_free(Past *past) {
    free(past->memory);
    past->memory = NULL;
}

/* ---- the state ---- */

/* What is before the past is over: the header has its place there. */
StBlob state_write(Past *past, const StateKey *key, const Blend *blend) {
    StBlob blob = {frame_at(past, past->begin) - sizeof(StateHeader),
                   sizeof(StateHeader) + (past->end - past->begin) * past->frame_bytes};
    StateHeader header = {.version = STATE_VERSION,
                          .sample_rate_hz = key->sample_rate_hz,
                          .size_bytes = blob.len,
                          .impulse_hash = key->impulse_hash,
                          .channels = key->channels,
                          .phase = (uint32_t)(past->end - past->begin - past->whole_frames),
                          .blend = *blend};
    memcpy(header.magic, STATE_MAGIC, sizeof header.magic);
    memcpy((uint8_t *)blob.ptr, &header, sizeof header);
    return blob;
}

static StStatus check(StBlob blob, const StateHeader *h, const StateKey *key, const Past *past, const Blend *own) {
    if (memcmp(h->magic, STATE_MAGIC, sizeof h->magic) != 0 || h->version != STATE_VERSION)
        return st_error(ST_ERROR_INVALID_ARG, "convolver: the state was written by another plugin or version");
    if (h->sample_rate_hz != key->sample_rate_hz || h->channels != key->channels)
        return st_error(ST_ERROR_INVALID_ARG, "convolver: the state was made for another rate or channel count");
    if (h->impulse_hash != key->impulse_hash)
        return st_error(ST_ERROR_INVALID_ARG, "convolver: the state was made with another impulse");
    if (h->phase >= PARTITION_FRAMES || (past->whole_frames == 0 && h->phase > 0) || h->size_bytes != blob.len ||
        blob.len != sizeof *h + (past->whole_frames + h->phase) * past->frame_bytes || !blend_is_sound(&h->blend) ||
        h->blend.ramp_frames != own->ramp_frames)
        return st_error(ST_ERROR_INVALID_ARG, "convolver: the state is damaged");
    return st_ok();
}

StStatus state_read(StBlob blob, const StateKey *key, Past *past, Blend *blend, Convolution *convolution) {
    StateHeader header;
    StStatus checked;
    if (blob.len < sizeof header)
        return st_error(ST_ERROR_INVALID_ARG, "convolver: a state of %zu bytes is not of this version", blob.len);
    memcpy(&header, blob.ptr, sizeof header);
    checked = check(blob, &header, key, past, blend);
    if (checked.code != ST_OK) return checked;
    past->begin = 0;
    past->end = past->whole_frames + header.phase;
    memcpy(frame_at(past, 0), blob.ptr + sizeof header, blob.len - sizeof header);
    *blend = header.blend;
    if (convolution) convolution_recall(convolution, (const float *)(const void *)frame_at(past, 0), header.phase);
    return st_ok();
}
