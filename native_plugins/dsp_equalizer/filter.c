/*
 * filter.c: where each slot is going, one step of the grid after the other.
 */
#include "filter.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "biquad_run.h"

#define GLIDES_PER_SECOND 100u
#define TINY 1e-30

static uint32_t pairs_of(const Filter *filter) { return (filter->channels + 1) / 2; }

static double linear(Setting preamp) { return pow(10.0, preamp.depth / 20.0); }

static Setting preamp_setting(const BandList *list) {
    Setting setting = {1, 1, list->preamp_db};
    return setting;
}

static Setting out(Setting setting) {
    setting.depth = 0;
    return setting;
}

static int is_silent(const Filter *filter, uint32_t slot) {
    for (uint32_t pair = 0; pair < pairs_of(filter); pair++) {
        const BiquadMemory *m = &filter->memory[pair][slot];
        for (int lane = 0; lane < 2; lane++)
            if (m->s1[lane] != 0 || m->s2[lane] != 0) return 0;
    }
    return 1;
}

/* Coefficients for both ends of the step that is under way. */
static void design_slot(const Filter *filter, Slot *slot) {
    slot->now = design(slot->type, slot->glide.begin, filter->sample_rate_hz);
    slot->next = design(slot->type, glide_end(&slot->glide, filter->steps), filter->sample_rate_hz);
}

static void rest_slot(const Filter *filter, Slot *slot, Setting at) {
    glide_rest(&slot->glide, at, filter->steps);
    design_slot(filter, slot);
}

static void choose_run(Filter *filter, uint32_t number) {
    Slot *slot = &filter->slots[number];
    if (glide_moves(&slot->glide, filter->steps)) {
        slot->run = RUN_MOVING;
    } else if (slot->glide.begin.depth != 0) {
        slot->run = RUN_STEADY;
    } else if (!is_silent(filter, number)) {
        slot->run = RUN_OUT;
    } else {
        slot->run = RUN_NOT;
        if (slot_is_leaving(number) && slot->glide.done >= filter->steps) slot->used = 0;
    }
    if (slot->run != RUN_NOT) filter->idle = 0;
}

/* How the step that is under way is run. */
static void choose_runs(Filter *filter) {
    filter->idle = filter->preamp_now == 1.0 && filter->preamp_next == 1.0;
    for (uint32_t slot = 0; slot < MAX_SLOTS; slot++)
        if (filter->slots[slot].used) choose_run(filter, slot);
}

void filter_start(Filter *filter, const BandList *list, uint32_t sample_rate_hz, uint32_t channels) {
    filter->channels = channels;
    filter->sample_rate_hz = sample_rate_hz;
    filter->steps = (sample_rate_hz / GLIDES_PER_SECOND + GRID_FRAMES) / GRID_FRAMES;
    glide_rest(&filter->preamp, preamp_setting(list), filter->steps);
    filter->preamp_now = filter->preamp_next = linear(filter->preamp.to);
    for (uint32_t band = 0; band < list->count; band++) {
        Slot *slot = &filter->slots[slot_of_band(band)];
        slot->used = 1;
        slot->type = list->bands[band].type;
        rest_slot(filter, slot, setting_of(&list->bands[band], sample_rate_hz));
    }
}

/*
 * A band that goes out keeps its frequency and q; one that comes in has those that were asked for from the start: they
 * are not heard at depth 0, unless memory is left that rings at them.
 */
static void aim_slot(Filter *filter, uint32_t number, Setting wanted) {
    Slot *slot = &filter->slots[number];
    Setting end = glide_end(&slot->glide, filter->steps);
    if (settings_equal(slot->glide.to, wanted)) return;
    if (wanted.depth == 0) {
        wanted = out(end);
    } else if (end.depth == 0 && slot->glide.begin.depth == 0 && is_silent(filter, number)) {
        rest_slot(filter, slot, out(wanted));
    }
    glide_to(&slot->glide, wanted, filter->steps);
}

void filter_aim(Filter *filter, const BandList *list) {
    Setting preamp = preamp_setting(list);
    if (!settings_equal(filter->preamp.to, preamp)) glide_to(&filter->preamp, preamp, filter->steps);
    for (uint32_t band = 0; band < list->count; band++)
        aim_slot(filter, slot_of_band(band), setting_of(&list->bands[band], filter->sample_rate_hz));
    for (uint32_t place = 0; place < MAX_BANDS; place++) {
        uint32_t leaving = slot_of_leaving(place);
        if (filter->slots[leaving].used) aim_slot(filter, leaving, out(filter->slots[leaving].glide.to));
    }
}

void filter_resume(Filter *filter, const BandList *list) {
    filter->preamp_now = linear(filter->preamp.begin);
    filter->preamp_next = linear(glide_end(&filter->preamp, filter->steps));
    for (uint32_t slot = 0; slot < MAX_SLOTS; slot++)
        if (filter->slots[slot].used) design_slot(filter, &filter->slots[slot]);
    choose_runs(filter);
    filter_aim(filter, list);
}

void filter_clear(Filter *filter) {
    memset(filter->memory, 0, sizeof filter->memory);
    filter->grid_frame = 0;
    glide_rest(&filter->preamp, filter->preamp.to, filter->steps);
    filter->preamp_now = filter->preamp_next = linear(filter->preamp.to);
    for (uint32_t number = 0; number < MAX_SLOTS; number++) {
        Slot *slot = &filter->slots[number];
        if (slot_is_leaving(number)) slot->used = 0;
        if (slot->used) rest_slot(filter, slot, slot->glide.to);
    }
}

/* Decaying memory would become denormal and slow; memory that is no number would stay so for ever. */
static double kept(double s) {
    double size = fabs(s);
    return size >= TINY && size <= DBL_MAX ? s : 0.0;
}

static void drop_tiny_memory(Filter *filter, uint32_t slot) {
    for (uint32_t pair = 0; pair < pairs_of(filter); pair++) {
        BiquadMemory *m = &filter->memory[pair][slot];
        for (int lane = 0; lane < 2; lane++) {
            m->s1[lane] = kept(m->s1[lane]);
            m->s2[lane] = kept(m->s2[lane]);
        }
    }
}

static void step_slot(Filter *filter, uint32_t number) {
    Slot *slot = &filter->slots[number];
    drop_tiny_memory(filter, number);
    glide_step(&slot->glide, filter->steps);
    slot->now = slot->next;
    if (glide_moves(&slot->glide, filter->steps))
        slot->next = design(slot->type, glide_end(&slot->glide, filter->steps), filter->sample_rate_hz);
}

static void begin_step(Filter *filter) {
    glide_step(&filter->preamp, filter->steps);
    filter->preamp_now = filter->preamp_next;
    if (glide_moves(&filter->preamp, filter->steps))
        filter->preamp_next = linear(glide_end(&filter->preamp, filter->steps));
    for (uint32_t slot = 0; slot < MAX_SLOTS; slot++)
        if (filter->slots[slot].used) step_slot(filter, slot);
    choose_runs(filter);
}

/* Within the step, frame i has i + 1 of GRID_FRAMES shares of the way behind or in it. */
static void run_pair(Filter *filter, uint32_t pair, float *samples, uint32_t frames) {
    Lanes work[GRID_FRAMES];
    uint32_t channels = filter->channels;
    float *first = samples + 2 * (size_t)pair;
    int both = 2 * pair + 1 < channels;
    double way = (filter->preamp_next - filter->preamp_now) / GRID_FRAMES, behind = filter->grid_frame;
    for (uint32_t i = 0; i < frames; i++) {
        double preamp = filter->preamp_now + way * (behind += 1);
        work[i][0] = first[(size_t)i * channels] * preamp;
        work[i][1] = both ? first[(size_t)i * channels + 1] * preamp : 0.0;
    }
    for (uint32_t number = 0; number < MAX_SLOTS; number++) {
        const Slot *slot = &filter->slots[number];
        BiquadMemory *memory = &filter->memory[pair][number];
        if (!slot->used || slot->run == RUN_NOT) continue;
        if (slot->run == RUN_OUT) ring_out(&slot->now, memory, work, frames);
        if (slot->run == RUN_STEADY) run_steady(&slot->now, memory, work, frames);
        if (slot->run == RUN_MOVING) run_moving(&slot->now, &slot->next, memory, work, frames, filter->grid_frame);
    }
    for (uint32_t i = 0; i < frames; i++) {
        first[(size_t)i * channels] = (float)work[i][0];
        if (both) first[(size_t)i * channels + 1] = (float)work[i][1];
    }
}

void filter_run(Filter *filter, float *samples, uint32_t frames) {
    while (frames > 0) {
        uint32_t left = GRID_FRAMES - filter->grid_frame, now = frames < left ? frames : left;
        if (filter->grid_frame == 0) begin_step(filter);
        if (!filter->idle)
            for (uint32_t pair = 0; pair < pairs_of(filter); pair++) run_pair(filter, pair, samples, now);
        samples += (size_t)now * filter->channels;
        frames -= now;
        filter->grid_frame = (filter->grid_frame + now) % GRID_FRAMES;
    }
}
