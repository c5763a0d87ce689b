/*
 * dsp_dry: the input as it is, late by a fixed number of frames, or silence. What stands where an effect cannot.
 *
 * A delay line without anything else: its state is its last input, which a replay fills; so nothing is exported.
 */
#include <stdlib.h>
#include <string.h>

#include <stellatune_sdk.h>

#define MAX_LATENCY_FRAMES 8388608
#define SCHEMA                                                                                                    \
    "{\"type\": \"object\", \"properties\": {\"latency_frames\": {\"type\": \"integer\", \"minimum\": 0, "       \
    "\"maximum\": 8388608, \"default\": 0, \"title\": \"Delay in frames\"}, \"silent\": {\"type\": \"boolean\", " \
    "\"default\": false, \"title\": \"Give silence\"}}, \"additionalProperties\": false}"
#define DEFAULT_CONFIG "{\"latency_frames\": 0, \"silent\": false}"
#define METADATA                                                                                                 \
    "{\"id\": \"stellatune.dsp.dry\", \"name\": \"Dry\", \"api_version\": 6, "                                   \
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}"

typedef struct Dry {
    int silent;
    uint32_t channels;
    uint32_t latency_frames;
    size_t count; /* samples of the line */
    size_t at;    /* where the oldest sample stands */
    float line[];
} Dry;

static StStatus process(void *handle, float *samples, uint32_t frames) {
    Dry *dry = handle;
    size_t count = (size_t)frames * dry->channels;
    if (dry->silent) {
        memset(samples, 0, count * sizeof *samples);
        return st_ok();
    }
    if (dry->count == 0) return st_ok();
    for (size_t i = 0; i < count; i++) {
        float late = dry->line[dry->at];
        dry->line[dry->at] = samples[i];
        samples[i] = late;
        if (++dry->at == dry->count) dry->at = 0;
    }
    return st_ok();
}

static uint32_t supported_layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static uint32_t latency_frames(void *handle) { return ((Dry *)handle)->latency_frames; }

static StStatus reset(void *handle) {
    Dry *dry = handle;
    memset(dry->line, 0, dry->count * sizeof *dry->line);
    dry->at = 0;
    return st_ok();
}

static void destroy(void *handle) { free(handle); }

static const StDspInstanceVTable vtable = {
    .process_interleaved_f32_in_place = process,
    .supported_layouts = supported_layouts,
    .latency_frames = latency_frames,
    .reset = reset,
    .instance = {.destroy = destroy},
};

static StStatus parse(StStr config, uint32_t *out_latency, int *out_silent) {
    StJson value, json = st_json(config);
    double latency = 0;
    *out_silent = 0;
    if (st_json_member(json, "latency_frames", &value) &&
        (!st_json_number(value, &latency) || !(latency >= 0 && latency <= MAX_LATENCY_FRAMES) ||
         latency != (double)(uint32_t)latency))
        return st_error(ST_ERROR_INVALID_ARG, "dry: latency_frames is a whole number from 0 to %d", MAX_LATENCY_FRAMES);
    if (st_json_member(json, "silent", &value) && !st_json_bool(value, out_silent))
        return st_error(ST_ERROR_INVALID_ARG, "dry: silent is true or false");
    *out_latency = (uint32_t)latency;
    return st_ok();
}

static StStatus create_dsp(StStr type_id, uint32_t sample_rate_hz, uint16_t channels, StStr config,
                           StDspInstanceRef *out_instance) {
    uint32_t latency = 0;
    int silent;
    StStatus parsed;
    Dry *dry;
    size_t count;
    if (!st_str_equals(type_id, "dry")) return st_error(ST_ERROR_INVALID_ARG, "dry: no such dsp type here");
    if (sample_rate_hz == 0 || channels == 0)
        return st_error(ST_ERROR_UNSUPPORTED, "dry: needs a sample rate and at least one channel");
    parsed = parse(config, &latency, &silent);
    if (parsed.code != ST_OK) return parsed;
    count = (size_t)latency * channels;
    dry = calloc(1, sizeof *dry + count * sizeof *dry->line);
    if (dry == NULL) return st_error(ST_ERROR_INTERNAL, "dry: no memory for %u frames", latency);
    dry->silent = silent;
    dry->channels = channels;
    dry->latency_frames = latency;
    dry->count = count;
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = dry;
    out_instance->vtable = &vtable;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DSP,
    .type_id_utf8 = ST_STR("dry"),
    .display_name_utf8 = ST_STR("Dry"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULT_CONFIG),
}};

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_dsp_instance = create_dsp)
