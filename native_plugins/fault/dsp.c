/*
 * dsp.c: an effect that changes nothing, or one whose every sample depends on all that came before; and faults.
 *
 * With {"state": true} each channel keeps s := s * STEP + bits of the sample + 1 (64 bits, from 0), and the sample becomes
 * the upper 24 bits of s as a signed number, times 2^-23. A block lost, doubled or exchanged changes all that follows.
 */
#include "conduct.h"
#include "types.h"

#define MAX_CHANNELS 32
#define STEP 6364136223846793005ull /* Knuth, MMIX: an odd multiplier, so that nothing is ever forgotten */
#define STATE_MAGIC "ST-FAULT"

/* Both the running state and, to the byte, what is exported. */
typedef struct State {
    char magic[8];
    uint64_t channels;
    uint64_t frames; /* processed since the start or the last reset */
    uint64_t sums[MAX_CHANNELS];
} State;

typedef struct Dsp {
    Conduct conduct;
    int keeps_state;
    uint32_t channels;
    State state;
} Dsp;

static float next(uint64_t *sum, float sample) {
    uint32_t bits;
    memcpy(&bits, &sample, sizeof bits);
    *sum = *sum * STEP + bits + 1;
    return (float)((int64_t)*sum >> 40) / (float)(1 << 23);
}

static StStatus process(void *handle, float *samples, uint32_t frames) {
    Dsp *d = handle;
    for (size_t i = 0; d->keeps_state && i < (size_t)frames * d->channels; i++)
        samples[i] = next(&d->state.sums[i % d->channels], samples[i]);
    d->state.frames += frames;
    trigger_call(&d->conduct.trigger, PHASE_PROCESS, &(Site){.samples = samples, .frames = frames, .channels = d->channels});
    return st_ok();
}

static uint32_t supported_layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static StStatus reset(void *handle) {
    State *state = &((Dsp *)handle)->state;
    state->frames = 0;
    memset(state->sums, 0, sizeof state->sums);
    return st_ok();
}

static StStatus export_state(void *handle, StBlob *out_state) {
    Dsp *d = handle;
    *out_state = (StBlob){(const uint8_t *)&d->state, sizeof d->state};
    return conduct_exporting(&d->conduct);
}

static StStatus import_state(void *handle, StBlob blob) {
    Dsp *d = handle;
    State taken;
    StStatus status;
    if (blob.len != sizeof taken) return st_error(ST_ERROR_INVALID_ARG, "fault: %zu bytes are no state", blob.len);
    memcpy(&taken, blob.ptr, sizeof taken);
    if (memcmp(taken.magic, STATE_MAGIC, sizeof taken.magic) != 0 || taken.channels != d->channels)
        return st_error(ST_ERROR_INVALID_ARG, "fault: the state is of another plugin, or of other channels");
    status = conduct_importing(&d->conduct);
    if (status.code == ST_OK) d->state = taken;
    return status;
}

static int keeps_state(StStr config) {
    StJson value;
    int keeps = 0;
    if (st_json_member(st_json(config), "state", &value)) st_json_bool(value, &keeps);
    return keeps;
}

/* Whether there is a state is decided once: another answer needs another instance. */
static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    StStatus status = conduct_plan(handle, config, out_plan);
    if (status.code == ST_OK && out_plan->mode == ST_CONFIG_HOT_APPLY && keeps_state(config) != ((Dsp *)handle)->keeps_state)
        return st_plan_recreate(handle, config, out_plan);
    return status;
}

static const StDspInstanceVTable PLAIN = {
    .process_interleaved_f32_in_place = process,
    .supported_layouts = supported_layouts,
    .reset = reset,
    .instance = {.plan_config_update_json_utf8 = plan,
                 .apply_config_update_json_utf8 = conduct_apply,
                 .destroy = conduct_destroy},
};

static const StDspInstanceVTable WITH_STATE = {
    .process_interleaved_f32_in_place = process,
    .supported_layouts = supported_layouts,
    .reset = reset,
    .instance = {.plan_config_update_json_utf8 = plan,
                 .apply_config_update_json_utf8 = conduct_apply,
                 .export_state_blob = export_state,
                 .import_state_blob = import_state,
                 .destroy = conduct_destroy},
};

StStatus create_dsp(StStr type_id, uint32_t sample_rate_hz, uint16_t channels, StStr config,
                    StDspInstanceRef *out_instance) {
    Dsp *d;
    StStatus set;
    if (!st_str_equals(type_id, "fault")) return st_error(ST_ERROR_INVALID_ARG, "fault: no such dsp type here");
    if (sample_rate_hz == 0 || channels == 0 || channels > MAX_CHANNELS)
        return st_error(ST_ERROR_UNSUPPORTED, "fault: needs a sample rate and 1 to %d channels", MAX_CHANNELS);
    d = calloc(1, sizeof *d);
    if (d == NULL) return st_error(ST_ERROR_INTERNAL, "fault: out of memory");
    d->keeps_state = keeps_state(config);
    set = conduct_begin(&d->conduct, config, PHASE_BIT(PHASE_PROCESS) | (d->keeps_state ? STATE_PHASES : 0));
    if (set.code != ST_OK) {
        free(d);
        return set;
    }
    d->channels = channels;
    memcpy(d->state.magic, STATE_MAGIC, sizeof d->state.magic);
    d->state.channels = channels;
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = d;
    out_instance->vtable = d->keeps_state ? &WITH_STATE : &PLAIN;
    trigger_call(&d->conduct.trigger, PHASE_CREATE, NULL);
    return set;
}
