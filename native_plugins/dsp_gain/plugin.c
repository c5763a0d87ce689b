/*
 * dsp_gain: multiplies every sample by one gain; a change of gain is a straight line of 10 ms.
 *
 * The gain of a frame is a function of its number on the line, never of the block it came in.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <stellatune_sdk.h>

#define SCHEMA                                                                                                   \
    "{\"type\": \"object\", \"properties\": {\"gain_db\": {\"type\": \"number\", \"minimum\": -120, "           \
    "\"maximum\": 40, \"default\": 0, \"title\": \"Gain in dB\"}}, \"additionalProperties\": false}"
#define DEFAULT_CONFIG "{\"gain_db\": 0}"
#define METADATA                                                                                                 \
    "{\"id\": \"stellatune.dsp.gain\", \"name\": \"Gain\", \"api_version\": 6, "                                 \
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}"

#define RAMPS_PER_SECOND 100u
#define STATE_MAGIC "ST-GAIN"
#define STATE_VERSION 1u
#define LOUDEST 100.0f /* 40 dB */

/* Both the running state and, to the byte, what is exported. */
typedef struct GainState {
    char magic[8];
    uint32_t version;
    uint32_t size_bytes;
    uint32_t sample_rate_hz;
    uint32_t channels;
    uint32_t ramp_frames; /* length of the line */
    uint32_t ramp_done;   /* frames of it that are behind; ramp_frames when at the target */
    float from;
    float target;
} GainState;

ST_STATIC_ASSERT(sizeof(GainState) == 40, "GainState has no padding");

typedef struct Gain {
    GainState state;
} Gain;

static StStatus parse_gain(StStr config, float *out_linear) {
    StJson value;
    double gain_db = 0;
    if (st_json_member(st_json(config), "gain_db", &value) && !st_json_number(value, &gain_db))
        return st_error(ST_ERROR_INVALID_ARG, "gain: gain_db is not a number");
    if (!(gain_db >= -120 && gain_db <= 40))
        return st_error(ST_ERROR_INVALID_ARG, "gain: gain_db is %g, choose -120 to 40", gain_db);
    *out_linear = (float)pow(10.0, gain_db / 20.0);
    return st_ok();
}

/* Gain of the frame that has `done` frames of the line behind or in it; exactly the target at the end. */
static float ramp_at(const GainState *s, uint32_t done) {
    double share = (double)done / s->ramp_frames;
    return done >= s->ramp_frames ? s->target : (float)(s->from + ((double)s->target - s->from) * share);
}

/* A gain that is the target already stays on its way to it. */
static void ramp_to(GainState *s, float target) {
    if (target == s->target) return;
    s->from = ramp_at(s, s->ramp_done);
    s->target = target;
    s->ramp_done = s->from == target ? s->ramp_frames : 0;
}

/* The inner loop has a fixed length, which lets compilers turn it into vector instructions at -O2. */
static void scale(float *samples, size_t count, float gain) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        float *group = samples + i;
        for (int k = 0; k < 16; k++) group[k] *= gain;
    }
    for (; i < count; i++) samples[i] *= gain;
}

static StStatus process(void *handle, float *samples, uint32_t frames) {
    GainState *s = &((Gain *)handle)->state;
    for (; frames > 0 && s->ramp_done < s->ramp_frames; frames--, samples += s->channels) {
        float gain = ramp_at(s, ++s->ramp_done);
        for (uint32_t c = 0; c < s->channels; c++) samples[c] *= gain;
    }
    if (frames > 0 && s->target != 1.0f) scale(samples, (size_t)frames * s->channels, s->target);
    return st_ok();
}

static uint32_t supported_layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static StStatus reset(void *handle) {
    GainState *s = &((Gain *)handle)->state;
    s->ramp_done = s->ramp_frames;
    return st_ok();
}

static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    float ignored;
    StStatus parsed = parse_gain(config, &ignored);
    (void)handle;
    st_plan(out_plan, parsed.code ? ST_CONFIG_REJECT : ST_CONFIG_HOT_APPLY, ST_CONFIG_COST_LOW);
    out_plan->reason_utf8 = parsed.message;
    return st_ok();
}

static StStatus apply(void *handle, StStr config) {
    float target;
    StStatus parsed = parse_gain(config, &target);
    if (parsed.code == ST_OK) ramp_to(&((Gain *)handle)->state, target);
    return parsed;
}

static StStatus export_state_blob(void *handle, StBlob *out_state) {
    out_state->ptr = (const uint8_t *)&((Gain *)handle)->state;
    out_state->len = sizeof(GainState);
    return st_ok();
}

static int is_gain(float gain) { return gain >= 0 && gain <= LOUDEST; }

static StStatus import_state_blob(void *handle, StBlob blob) {
    GainState *own = &((Gain *)handle)->state, taken;
    float configured = own->target;
    if (blob.len != sizeof taken)
        return st_error(ST_ERROR_INVALID_ARG, "gain: a state of %zu bytes is not of this version", blob.len);
    memcpy(&taken, blob.ptr, sizeof taken);
    if (memcmp(taken.magic, own->magic, sizeof taken.magic) != 0 || taken.version != own->version ||
        taken.size_bytes != own->size_bytes)
        return st_error(ST_ERROR_INVALID_ARG, "gain: the state was written by another plugin or version");
    if (taken.sample_rate_hz != own->sample_rate_hz || taken.channels != own->channels ||
        taken.ramp_frames != own->ramp_frames)
        return st_error(ST_ERROR_INVALID_ARG, "gain: the state was made for another rate or channel count");
    if (!is_gain(taken.from) || !is_gain(taken.target) || taken.ramp_done > taken.ramp_frames)
        return st_error(ST_ERROR_INVALID_ARG, "gain: the state is damaged");
    *own = taken;
    ramp_to(own, configured);
    return st_ok();
}

static void destroy(void *handle) { free(handle); }

static const StDspInstanceVTable vtable = {
    .process_interleaved_f32_in_place = process,
    .supported_layouts = supported_layouts,
    .reset = reset,
    .instance = {.plan_config_update_json_utf8 = plan,
                 .apply_config_update_json_utf8 = apply,
                 .export_state_blob = export_state_blob,
                 .import_state_blob = import_state_blob,
                 .destroy = destroy},
};

static StStatus create_dsp(StStr type_id, uint32_t sample_rate_hz, uint16_t channels, StStr config,
                           StDspInstanceRef *out_instance) {
    float target;
    StStatus parsed;
    Gain *gain;
    if (!st_str_equals(type_id, "gain")) return st_error(ST_ERROR_INVALID_ARG, "gain: no such dsp type here");
    if (sample_rate_hz == 0 || channels == 0)
        return st_error(ST_ERROR_UNSUPPORTED, "gain: needs a sample rate and at least one channel");
    parsed = parse_gain(config, &target);
    if (parsed.code != ST_OK) return parsed;
    gain = calloc(1, sizeof *gain);
    if (gain == NULL) return st_error(ST_ERROR_INTERNAL, "gain: out of memory");
    memcpy(gain->state.magic, STATE_MAGIC, sizeof gain->state.magic);
    gain->state.version = STATE_VERSION;
    gain->state.size_bytes = sizeof(GainState);
    gain->state.sample_rate_hz = sample_rate_hz;
    gain->state.channels = channels;
    gain->state.ramp_frames = sample_rate_hz / RAMPS_PER_SECOND + 1;
    gain->state.ramp_done = gain->state.ramp_frames;
    gain->state.from = gain->state.target = target;
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = gain;
    out_instance->vtable = &vtable;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DSP,
    .type_id_utf8 = ST_STR("gain"),
    .display_name_utf8 = ST_STR("Gain"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULT_CONFIG),
}};

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_dsp_instance = create_dsp)
