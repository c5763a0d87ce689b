/*
 * state.c: writes and checks what a filter remembers.
 */
#include "state.h"

#include <math.h>

#include <stellatune_sdk.h>

#define STATE_MAGIC "ST-EQLZR"
#define STATE_VERSION 2u

size_t state_write(StateBytes *bytes, const Filter *filter) {
    StateHeader *h = &bytes->header;
    memset(h, 0, sizeof *h);
    memcpy(h->magic, STATE_MAGIC, sizeof h->magic);
    h->version = STATE_VERSION;
    h->sample_rate_hz = filter->sample_rate_hz;
    h->channels = filter->channels;
    h->grid_frame = filter->grid_frame;
    h->preamp_done = filter->preamp.done;
    h->preamp_begin_db = filter->preamp.begin.depth;
    h->preamp_from_db = filter->preamp.from.depth;
    h->preamp_to_db = filter->preamp.to.depth;
    for (uint32_t number = 0; number < MAX_SLOTS; number++) {
        const Slot *slot = &filter->slots[number];
        StateSlot *s = &bytes->slots[h->slots];
        if (!slot->used) continue;
        memset(s, 0, sizeof *s);
        s->slot = number;
        s->type = slot->type;
        s->done = slot->glide.done;
        s->begin = slot->glide.begin;
        s->from = slot->glide.from;
        s->to = slot->glide.to;
        for (uint32_t pair = 0; pair < MAX_PAIRS; pair++) s->memory[pair] = filter->memory[pair][number];
        h->slots++;
    }
    h->size_bytes = (uint32_t)(sizeof *h + h->slots * sizeof(StateSlot));
    return h->size_bytes;
}

static int setting_is_sound(const Filter *filter, BandType type, Setting setting) {
    double half = filter->sample_rate_hz / 2.0, lowest = half > 2 ? 1.0 : half / 2;
    double least = type_has_gain(type) ? BAND_LEAST_DB : 0.0, most = type_has_gain(type) ? BAND_MOST_DB : 1.0;
    return setting.freq_hz >= lowest && setting.freq_hz < half && setting.q >= BAND_LEAST_Q &&
           setting.q <= BAND_MOST_Q && setting.depth >= least && setting.depth <= most;
}

static int memory_is_finite(const StateSlot *s) {
    for (int pair = 0; pair < MAX_PAIRS; pair++)
        for (int lane = 0; lane < 2; lane++)
            if (!isfinite(s->memory[pair].s1[lane]) || !isfinite(s->memory[pair].s2[lane])) return 0;
    return 1;
}

static int slot_is_sound(const Filter *filter, const StateSlot *s) {
    BandType type = (BandType)s->type;
    if (s->slot >= MAX_SLOTS || s->type >= BAND_TYPE_COUNT || s->done > filter->steps) return 0;
    return setting_is_sound(filter, type, s->begin) && setting_is_sound(filter, type, s->from) &&
           setting_is_sound(filter, type, s->to) && memory_is_finite(s);
}

static int db_is_sound(double db) { return db >= BAND_LEAST_DB && db <= BAND_MOST_DB; }

static int is_sound(const StateBytes *bytes, const Filter *filter) {
    const StateHeader *h = &bytes->header;
    if (h->grid_frame >= GRID_FRAMES || h->preamp_done > filter->steps || !db_is_sound(h->preamp_begin_db) ||
        !db_is_sound(h->preamp_from_db) || !db_is_sound(h->preamp_to_db))
        return 0;
    for (uint32_t i = 0; i < h->slots; i++)
        if (!slot_is_sound(filter, &bytes->slots[i]) || (i > 0 && bytes->slots[i].slot <= bytes->slots[i - 1].slot))
            return 0;
    return 1;
}

/* The place for a band that leaves: its own, else the nearest free one behind it, else before it; 0: all are taken. */
static int find_leaving(const Filter *filter, uint32_t place, uint32_t *out_slot) {
    for (uint32_t i = 0; i < MAX_BANDS; i++) {
        uint32_t at = place + i < MAX_BANDS ? place + i : MAX_BANDS - 1 - i;
        if (filter->slots[slot_of_leaving(at)].used) continue;
        *out_slot = slot_of_leaving(at);
        return 1;
    }
    return 0;
}

static void take_slot(Filter *filter, const StateSlot *s, uint32_t number) {
    Slot *slot = &filter->slots[number];
    slot->used = 1;
    slot->type = (BandType)s->type;
    slot->glide.begin = s->begin;
    slot->glide.from = s->from;
    slot->glide.to = s->to;
    slot->glide.done = s->done;
    for (uint32_t pair = 0; pair < MAX_PAIRS; pair++) filter->memory[pair][number] = s->memory[pair];
}

/* Bands of the list that the state does not know stand out, and come in from there. */
static void stand_out(Filter *filter, const BandList *list) {
    for (uint32_t band = 0; band < list->count; band++) {
        Slot *slot = &filter->slots[slot_of_band(band)];
        Setting setting = setting_of(&list->bands[band], filter->sample_rate_hz);
        setting.depth = 0;
        glide_rest(&slot->glide, setting, filter->steps);
    }
}

static void take_over(const StateBytes *bytes, Filter *filter, const BandList *list) {
    const StateHeader *h = &bytes->header;
    filter_clear(filter);
    filter->grid_frame = h->grid_frame;
    filter->preamp.done = h->preamp_done;
    filter->preamp.begin.depth = h->preamp_begin_db;
    filter->preamp.from.depth = h->preamp_from_db;
    filter->preamp.to.depth = h->preamp_to_db;
    stand_out(filter, list);
    for (uint32_t i = 0; i < h->slots; i++) {
        const StateSlot *s = &bytes->slots[i];
        uint32_t number = s->slot;
        int goes_on = !slot_is_leaving(number) && filter->slots[number].used && filter->slots[number].type == s->type;
        if (goes_on || find_leaving(filter, number / 2, &number)) take_slot(filter, s, number);
    }
    filter_resume(filter, list);
}

StStatus state_read(StBlob blob, Filter *filter, const BandList *list) {
    StateBytes bytes;
    const StateHeader *h = &bytes.header;
    if (blob.len < sizeof *h || blob.len > sizeof bytes)
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: a state of %zu bytes is not of this version", blob.len);
    memcpy(&bytes, blob.ptr, blob.len);
    if (memcmp(h->magic, STATE_MAGIC, sizeof h->magic) != 0 || h->version != STATE_VERSION)
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: the state was written by another plugin or version");
    if (h->sample_rate_hz != filter->sample_rate_hz || h->channels != filter->channels)
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: the state was made for another rate or channel count");
    if (h->slots > MAX_SLOTS || h->size_bytes != blob.len || blob.len != sizeof *h + h->slots * sizeof(StateSlot) ||
        !is_sound(&bytes, filter))
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: the state is damaged");
    take_over(&bytes, filter, list);
    return st_ok();
}
