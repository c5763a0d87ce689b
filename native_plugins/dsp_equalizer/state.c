/*
 * state.c: writes and checks the exported filter memory.
 */
#include "state.h"

#include <math.h>

#include <stellatune_sdk.h>

#define STATE_MAGIC "ST-EQLZR"
#define STATE_VERSION 1u

static uint32_t pairs_of(const Filter *filter) { return (filter->channels + 1) / 2; }

size_t state_write(StateBytes *bytes, const Filter *filter, const BandList *list, uint32_t sample_rate_hz) {
    StateHeader *h = &bytes->header;
    size_t memories = (size_t)pairs_of(filter) * list->count;
    memcpy(h->magic, STATE_MAGIC, sizeof h->magic);
    h->version = STATE_VERSION;
    h->size_bytes = (uint32_t)(sizeof *h + memories * sizeof(BiquadMemory));
    h->sample_rate_hz = sample_rate_hz;
    h->channels = filter->channels;
    h->bands = list->count;
    h->grid_frame = filter->grid_frame;
    memset(h->types, 0, sizeof h->types);
    for (uint32_t b = 0; b < list->count; b++) h->types[b] = (uint8_t)list->bands[b].type;
    for (uint32_t pair = 0; pair < pairs_of(filter); pair++)
        memcpy(&bytes->memory[(size_t)pair * list->count], filter->memory[pair], list->count * sizeof(BiquadMemory));
    return h->size_bytes;
}

static int all_finite(const BiquadMemory *memory, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (int lane = 0; lane < 2; lane++)
            if (!isfinite(memory[i].s1[lane]) || !isfinite(memory[i].s2[lane])) return 0;
    return 1;
}

StStatus state_read(StBlob blob, Filter *filter, const BandList *list, uint32_t sample_rate_hz) {
    StateBytes bytes;
    const StateHeader *h = &bytes.header;
    size_t memories;
    if (blob.len < sizeof *h || blob.len > sizeof bytes)
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: a state of %zu bytes is not of this version", blob.len);
    memcpy(&bytes, blob.ptr, blob.len);
    if (memcmp(h->magic, STATE_MAGIC, sizeof h->magic) != 0 || h->version != STATE_VERSION)
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: the state was written by another plugin or version");
    if (h->sample_rate_hz != sample_rate_hz || h->channels != filter->channels)
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: the state was made for another rate or channel count");
    memories = (size_t)pairs_of(filter) * h->bands;
    if (h->bands > MAX_BANDS || h->grid_frame >= GRID_FRAMES || h->size_bytes != blob.len ||
        blob.len != sizeof *h + memories * sizeof(BiquadMemory) || !all_finite(bytes.memory, memories))
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: the state is damaged");
    filter_clear(filter);
    filter->grid_frame = h->grid_frame;
    for (uint32_t pair = 0; pair < pairs_of(filter); pair++)
        for (uint32_t b = 0; b < h->bands && b < list->count; b++)
            if (h->types[b] == (uint8_t)list->bands[b].type)
                filter->memory[pair][b] = bytes.memory[(size_t)pair * h->bands + b];
    return st_ok();
}
