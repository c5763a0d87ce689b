/*
 * dsp_equalizer: the plugin's tables, and the life of an instance between configuration, filter and state.
 */
#include <stellatune_sdk.h>

#include "bands.h"
#include "filter.h"
#include "state.h"

#define SCHEMA                                                                                                    \
    "{\"type\": \"object\", \"properties\": {"                                                                    \
    "\"preamp_db\": {\"type\": \"number\", \"minimum\": -60, \"maximum\": 60, \"default\": 0}, "                  \
    "\"bands\": {\"type\": \"array\", \"maxItems\": 32, \"items\": {\"type\": \"object\", \"properties\": {"      \
    "\"type\": {\"type\": \"string\", \"enum\": [\"peaking\", \"low_shelf\", \"high_shelf\", \"low_pass\", "      \
    "\"high_pass\", \"notch\"]}, "                                                                                \
    "\"freq_hz\": {\"type\": \"number\", \"minimum\": 1, \"maximum\": 384000}, "                                  \
    "\"gain_db\": {\"type\": \"number\", \"minimum\": -60, \"maximum\": 60, \"default\": 0}, "                    \
    "\"q\": {\"type\": \"number\", \"minimum\": 0.01, \"maximum\": 100, \"default\": 0.7071}}, "                  \
    "\"required\": [\"type\", \"freq_hz\"], \"additionalProperties\": false}}}, \"additionalProperties\": false}"
#define DEFAULT_CONFIG "{\"preamp_db\": 0, \"bands\": []}"
#define METADATA                                                                                                  \
    "{\"id\": \"stellatune.dsp.equalizer\", \"name\": \"Equalizer\", \"api_version\": 6, "                        \
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}"

#define MAX_SAMPLE_RATE_HZ 768000u

typedef struct Equalizer {
    BandList list;
    Filter filter;
    StateBytes exported;
} Equalizer;

static void tell_left_out(const Equalizer *eq) {
    uint32_t rate = eq->filter.sample_rate_hz;
    for (uint32_t i = 0; i < eq->list.count; i++)
        if (!band_fits(&eq->list.bands[i], rate))
            st_log(ST_LOG_WARN, "equalizer: band %u at %g Hz is left out, %u Hz audio holds less than that",
                   (unsigned)(i + 1), eq->list.bands[i].freq_hz, (unsigned)rate);
}

static StStatus process(void *handle, float *samples, uint32_t frames) {
    filter_run(&((Equalizer *)handle)->filter, samples, frames);
    return st_ok();
}

static uint32_t supported_layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static StStatus reset(void *handle) {
    filter_clear(&((Equalizer *)handle)->filter);
    return st_ok();
}

static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    BandList wanted;
    StStatus parsed = bands_parse(config, &wanted);
    if (parsed.code != ST_OK) {
        st_plan(out_plan, ST_CONFIG_REJECT, ST_CONFIG_COST_LOW);
        out_plan->reason_utf8 = parsed.message;
        return st_ok();
    }
    return st_plan(out_plan,
                   bands_same_shape(&wanted, &((Equalizer *)handle)->list) ? ST_CONFIG_HOT_APPLY : ST_CONFIG_RECREATE,
                   ST_CONFIG_COST_LOW);
}

static StStatus apply(void *handle, StStr config) {
    Equalizer *eq = handle;
    BandList wanted;
    StStatus parsed = bands_parse(config, &wanted);
    if (parsed.code != ST_OK) return parsed;
    if (!bands_same_shape(&wanted, &eq->list))
        return st_error(ST_ERROR_INVALID_ARG, "equalizer: other band types need a new instance");
    eq->list = wanted;
    filter_aim(&eq->filter, &wanted);
    tell_left_out(eq);
    return st_ok();
}

static StStatus export_state_blob(void *handle, StBlob *out_state) {
    Equalizer *eq = handle;
    out_state->len = state_write(&eq->exported, &eq->filter);
    out_state->ptr = (const uint8_t *)&eq->exported;
    return st_ok();
}

static StStatus import_state_blob(void *handle, StBlob blob) {
    Equalizer *eq = handle;
    return state_read(blob, &eq->filter, &eq->list);
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
    BandList list;
    StStatus parsed;
    Equalizer *eq;
    if (!st_str_equals(type_id, "equalizer")) return st_error(ST_ERROR_INVALID_ARG, "equalizer: no such dsp type here");
    if (sample_rate_hz == 0 || sample_rate_hz > MAX_SAMPLE_RATE_HZ || channels == 0 || channels > MAX_CHANNELS)
        return st_error(ST_ERROR_UNSUPPORTED, "equalizer: takes 1 to %u Hz and 1 to %d channels, not %u Hz and %u",
                        MAX_SAMPLE_RATE_HZ, MAX_CHANNELS, (unsigned)sample_rate_hz, (unsigned)channels);
    parsed = bands_parse(config, &list);
    if (parsed.code != ST_OK) return parsed;
    eq = calloc(1, sizeof *eq);
    if (eq == NULL) return st_error(ST_ERROR_INTERNAL, "equalizer: out of memory");
    eq->list = list;
    filter_start(&eq->filter, &list, sample_rate_hz, channels);
    tell_left_out(eq);
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = eq;
    out_instance->vtable = &vtable;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DSP,
    .type_id_utf8 = ST_STR("equalizer"),
    .display_name_utf8 = ST_STR("Equalizer"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULT_CONFIG),
}};

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_dsp_instance = create_dsp)
