/*
 * dsp_limiter: the plugin's tables, and the life of an instance between configuration, limiter and state.
 */
#include <stellatune_sdk.h>

#include "limiter.h"
#include "settings.h"
#include "state.h"

#define SCHEMA                                                                                                     \
    "{\"type\": \"object\", \"properties\": {"                                                                     \
    "\"ceiling_db\": {\"type\": \"number\", \"minimum\": -60, \"maximum\": 0, \"default\": -1, "                   \
    "\"title\": \"Ceiling in dB\"}, "                                                                              \
    "\"lookahead_ms\": {\"type\": \"number\", \"minimum\": 0.1, \"maximum\": 20, \"default\": 5, "                 \
    "\"title\": \"Look-ahead in ms\"}, "                                                                           \
    "\"release_ms\": {\"type\": \"number\", \"minimum\": 1, \"maximum\": 2000, \"default\": 50, "                  \
    "\"title\": \"Release in ms\"}, "                                                                              \
    "\"input_gain_db\": {\"type\": \"number\", \"minimum\": -24, \"maximum\": 24, \"default\": 0, "                \
    "\"title\": \"Gain before the limiter in dB\"}}, \"additionalProperties\": false}"
#define DEFAULT_CONFIG "{\"ceiling_db\": -1, \"lookahead_ms\": 5, \"release_ms\": 50, \"input_gain_db\": 0}"
#define METADATA                                                                                                   \
    "{\"id\": \"stellatune.dsp.limiter\", \"name\": \"Limiter\", \"api_version\": 6, "                             \
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\", \"protective\": true}"

static StStatus process(void *handle, float *samples, uint32_t frames) {
    limiter_run(handle, samples, frames);
    return st_ok();
}

static uint32_t supported_layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static uint32_t latency_frames(void *handle) { return ((Limiter *)handle)->state->lookahead_frames; }

static StStatus reset(void *handle) {
    limiter_clear(handle);
    return st_ok();
}

/* Whether the settings ask for what this instance cannot become; OK when they do not. */
static StStatus check_lookahead(const Limiter *limiter, const Settings *settings) {
    uint32_t own = limiter->state->lookahead_frames;
    uint32_t wanted = settings_lookahead_frames(settings, limiter->state->sample_rate_hz);
    if (wanted == own) return st_ok();
    return st_error(ST_ERROR_INVALID_ARG,
                    "limiter: a look-ahead of %g ms delays by %u frames, not by %u: this needs a new instance",
                    settings->lookahead_ms, (unsigned)wanted, (unsigned)own);
}

static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    Settings wanted;
    StStatus refused = settings_parse(config, &wanted);
    if (refused.code != ST_OK) {
        st_plan(out_plan, ST_CONFIG_REJECT, ST_CONFIG_COST_LOW);
        out_plan->reason_utf8 = refused.message;
        return st_ok();
    }
    refused = check_lookahead(handle, &wanted);
    if (refused.code == ST_OK) return st_plan(out_plan, ST_CONFIG_HOT_APPLY, ST_CONFIG_COST_LOW);
    st_plan(out_plan, ST_CONFIG_RECREATE, ST_CONFIG_COST_MEDIUM);
    out_plan->reason_utf8 = refused.message;
    return st_ok();
}

static StStatus apply(void *handle, StStr config) {
    Limiter *limiter = handle;
    Settings wanted;
    StStatus refused = settings_parse(config, &wanted);
    if (refused.code == ST_OK) refused = check_lookahead(limiter, &wanted);
    if (refused.code == ST_OK) limiter_ramp_to(limiter, settings_levels(&wanted, limiter->state->sample_rate_hz));
    return refused;
}

static StStatus export_state_blob(void *handle, StBlob *out_state) {
    const StateHeader *state = ((Limiter *)handle)->state;
    out_state->ptr = (const uint8_t *)state;
    out_state->len = state->size_bytes;
    return st_ok();
}

static StStatus import_state_blob(void *handle, StBlob blob) { return state_read(blob, handle); }

static void destroy(void *handle) {
    limiter_free(handle);
    free(handle);
}

static const StDspInstanceVTable vtable = {
    .process_interleaved_f32_in_place = process,
    .supported_layouts = supported_layouts,
    .latency_frames = latency_frames,
    .reset = reset,
    .instance = {.plan_config_update_json_utf8 = plan,
                 .apply_config_update_json_utf8 = apply,
                 .export_state_blob = export_state_blob,
                 .import_state_blob = import_state_blob,
                 .destroy = destroy},
};

static StStatus create_dsp(StStr type_id, uint32_t sample_rate_hz, uint16_t channels, StStr config,
                           StDspInstanceRef *out_instance) {
    Settings settings;
    StStatus made;
    Limiter *limiter;
    if (!st_str_equals(type_id, "limiter")) return st_error(ST_ERROR_INVALID_ARG, "limiter: no such dsp type here");
    if (sample_rate_hz == 0 || sample_rate_hz > MAX_SAMPLE_RATE_HZ || channels == 0 || channels > MAX_CHANNELS)
        return st_error(ST_ERROR_UNSUPPORTED, "limiter: takes 1 to %u Hz and 1 to %u channels, not %u Hz and %u",
                        MAX_SAMPLE_RATE_HZ, MAX_CHANNELS, (unsigned)sample_rate_hz, (unsigned)channels);
    made = settings_parse(config, &settings);
    if (made.code != ST_OK) return made;
    limiter = calloc(1, sizeof *limiter);
    if (limiter == NULL) return st_error(ST_ERROR_INTERNAL, "limiter: out of memory");
    made = limiter_make(limiter, sample_rate_hz, channels, settings_lookahead_frames(&settings, sample_rate_hz),
                        settings_levels(&settings, sample_rate_hz));
    if (made.code != ST_OK) {
        free(limiter);
        return made;
    }
    state_sign(limiter->state);
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = limiter;
    out_instance->vtable = &vtable;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DSP,
    .type_id_utf8 = ST_STR("limiter"),
    .display_name_utf8 = ST_STR("Limiter"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULT_CONFIG),
}};

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_dsp_instance = create_dsp)
