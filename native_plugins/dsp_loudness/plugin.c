/*
 * dsp_loudness: the plugin's tables, and the life of an instance between configuration, leveller and state.
 */
#include <stellatune_sdk.h>

#include "leveller.h"
#include "settings.h"
#include "state.h"

#define SCHEMA                                                                                                     \
    "{\"type\": \"object\", \"properties\": {"                                                                     \
    "\"target_lufs\": {\"type\": \"number\", \"minimum\": -40, \"maximum\": -5, \"default\": -18, "                \
    "\"title\": \"Loudness to go to, in LUFS\"}, "                                                                 \
    "\"max_boost_db\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 30, \"default\": 12, "                  \
    "\"title\": \"Most that is made louder, in dB\"}, "                                                            \
    "\"max_cut_db\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 40, \"default\": 24, "                    \
    "\"title\": \"Most that is made softer, in dB\"}, "                                                            \
    "\"peak_db\": {\"type\": \"number\", \"minimum\": -20, \"maximum\": 0, \"default\": -1, "                      \
    "\"title\": \"Where the highest sample of the window may come to, in dB\"}, "                                  \
    "\"speed_db_s\": {\"type\": \"number\", \"minimum\": 0.1, \"maximum\": 20, \"default\": 2, "                   \
    "\"title\": \"How fast the gain moves, in dB per second\"}, "                                                  \
    "\"window_s\": {\"type\": \"number\", \"minimum\": 3, \"maximum\": 120, \"default\": 30, "                     \
    "\"title\": \"How much of the past counts, in seconds\"}}, "                                                   \
    "\"additionalProperties\": false}"
#define DEFAULT_CONFIG                                                                                             \
    "{\"target_lufs\": -18, \"max_boost_db\": 12, \"max_cut_db\": 24, "                                            \
    "\"peak_db\": -1, \"speed_db_s\": 2, \"window_s\": 30}"
#define METADATA                                                                                                   \
    "{\"id\": \"stellatune.dsp.loudness\", \"name\": \"Loudness\", \"api_version\": 6, "                           \
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}"

static StStatus process(void *handle, float *samples, uint32_t frames) {
    leveller_run(handle, samples, frames);
    return st_ok();
}

static uint32_t supported_layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static StStatus reset(void *handle) {
    leveller_clear(handle);
    return st_ok();
}

static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    Settings wanted;
    StStatus refused = settings_parse(config, &wanted);
    (void)handle;
    st_plan(out_plan, refused.code ? ST_CONFIG_REJECT : ST_CONFIG_HOT_APPLY, ST_CONFIG_COST_LOW);
    out_plan->reason_utf8 = refused.message;
    return st_ok();
}

/* From the next hop on; the line of the one under way is drawn to its end. */
static StStatus apply(void *handle, StStr config) { return settings_parse(config, &((Leveller *)handle)->settings); }

static StStatus export_state_blob(void *handle, StBlob *out_state) {
    const State *state = ((Leveller *)handle)->state;
    out_state->ptr = (const uint8_t *)state;
    out_state->len = state->size_bytes;
    return st_ok();
}

static StStatus import_state_blob(void *handle, StBlob blob) { return state_read(blob, handle); }

static void destroy(void *handle) {
    leveller_free(handle);
    free(handle);
}

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
    Settings settings;
    StStatus made;
    Leveller *leveller;
    if (!st_str_equals(type_id, "loudness")) return st_error(ST_ERROR_INVALID_ARG, "loudness: no such dsp type here");
    if (sample_rate_hz < LEAST_SAMPLE_RATE_HZ || sample_rate_hz > MAX_SAMPLE_RATE_HZ || channels == 0 ||
        channels > MAX_CHANNELS)
        return st_error(ST_ERROR_UNSUPPORTED, "loudness: takes %u to %u Hz and 1 to %u channels, not %u Hz and %u",
                        LEAST_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ, MAX_CHANNELS, (unsigned)sample_rate_hz,
                        (unsigned)channels);
    made = settings_parse(config, &settings);
    if (made.code != ST_OK) return made;
    leveller = calloc(1, sizeof *leveller);
    if (leveller == NULL) return st_error(ST_ERROR_INTERNAL, "loudness: out of memory");
    made = leveller_make(leveller, sample_rate_hz, channels, &settings);
    if (made.code != ST_OK) {
        free(leveller);
        return made;
    }
    state_sign(leveller->state);
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = leveller;
    out_instance->vtable = &vtable;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DSP,
    .type_id_utf8 = ST_STR("loudness"),
    .display_name_utf8 = ST_STR("Loudness"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULT_CONFIG),
}};

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_dsp_instance = create_dsp)
