/*
 * dsp_convolver: the plugin's tables, and the life of an instance between configuration, impulse, convolution and state.
 */
#define _POSIX_C_SOURCE 200809L
#include <stellatune_sdk.h>
#include <unistd.h>

#include "blend.h"
#include "convolution.h"
#include "impulse.h"
#include "options.h"
#include "state.h"

#define SCHEMA                                                                                                     \
    "{\"type\": \"object\", \"properties\": {"                                                                     \
    "\"impulse\": {\"type\": \"string\", \"format\": \"file-read\", \"default\": \"\", "                           \
    "\"title\": \"Impulse response, an audio file\"}, "                                                            \
    "\"gain_db\": {\"type\": \"number\", \"minimum\": -60, \"maximum\": 20, \"default\": 0, "                      \
    "\"title\": \"Gain of what was convolved, in dB\"}, "                                                          \
    "\"mix\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 1, \"default\": 1, "                             \
    "\"title\": \"Share of what was convolved\"}}, \"additionalProperties\": false}"
#define DEFAULT_CONFIG "{\"impulse\": \"\", \"gain_db\": 0, \"mix\": 1}"
#define METADATA                                                                                                   \
    "{\"id\": \"stellatune.dsp.convolver\", \"name\": \"Convolver\", \"api_version\": 6, "                         \
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}"

#define MAX_SAMPLE_RATE_HZ 768000u

typedef struct Convolver {
    StateKey key;
    Options options;
    Blend blend;
    Past past;
    Convolution *convolution; /* null without impulse: the music passes as it is */
    float wet[MAX_CHANNELS * PARTITION_FRAMES];
} Convolver;

static void blend_in(Convolver *cv, float *samples, uint32_t frames) {
    for (uint32_t i = 0; i < frames; i++, samples += cv->key.channels) {
        Shares shares = blend_next(&cv->blend);
        for (uint32_t c = 0; c < cv->key.channels; c++)
            samples[c] = shares.dry * samples[c] + shares.wet * cv->wet[c * PARTITION_FRAMES + i];
    }
}

static StStatus process(void *handle, float *samples, uint32_t frames) {
    Convolver *cv = handle;
    if (cv->convolution == NULL) return st_ok();
    while (frames > 0) {
        uint32_t run = convolution_run_length(cv->convolution, frames);
        past_add(&cv->past, samples, run);
        convolution_run(cv->convolution, samples, run, cv->wet);
        blend_in(cv, samples, run);
        samples += (size_t)run * cv->key.channels;
        frames -= run;
    }
    return st_ok();
}

static uint32_t supported_layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static StStatus reset(void *handle) {
    Convolver *cv = handle;
    blend_settle(&cv->blend);
    past_clear(&cv->past);
    if (cv->convolution) convolution_clear(cv->convolution);
    return st_ok();
}

static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    const Convolver *cv = handle;
    Options wanted;
    StStatus parsed = options_parse(config, &wanted);
    int same;
    if (parsed.code != ST_OK) {
        st_plan(out_plan, ST_CONFIG_REJECT, ST_CONFIG_COST_LOW);
        out_plan->reason_utf8 = parsed.message;
        return st_ok();
    }
    same = strcmp(wanted.impulse, cv->options.impulse) == 0;
    options_clear(&wanted);
    return same ? st_plan(out_plan, ST_CONFIG_HOT_APPLY, ST_CONFIG_COST_LOW)
                : st_plan(out_plan, ST_CONFIG_RECREATE, ST_CONFIG_COST_HIGH);
}

static StStatus apply(void *handle, StStr config) {
    Convolver *cv = handle;
    Options wanted;
    StStatus parsed = options_parse(config, &wanted);
    if (parsed.code != ST_OK) return parsed;
    if (strcmp(wanted.impulse, cv->options.impulse) != 0) {
        options_clear(&wanted);
        return st_error(ST_ERROR_INVALID_ARG, "convolver: another impulse needs a new instance");
    }
    blend_to(&cv->blend, wanted.gain_db, wanted.mix);
    options_clear(&cv->options);
    cv->options = wanted;
    return st_ok();
}

static StStatus export_state_blob(void *handle, StBlob *out_state) {
    Convolver *cv = handle;
    *out_state = state_write(&cv->past, &cv->key, &cv->blend);
    return st_ok();
}

static StStatus import_state_blob(void *handle, StBlob blob) {
    Convolver *cv = handle;
    StStatus read = state_read(blob, &cv->key, &cv->past, &cv->blend, cv->convolution);
    if (read.code == ST_OK) blend_to(&cv->blend, cv->options.gain_db, cv->options.mix);
    return read;
}

static void destroy(void *handle) {
    Convolver *cv = handle;
    convolution_free(cv->convolution);
    past_free(&cv->past);
    options_clear(&cv->options);
    free(cv);
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

static StStatus read_impulse(Convolver *cv, Impulse *out_impulse) {
    int32_t fd;
    StStatus status = st_take_file(st_str(cv->options.impulse), &fd);
    if (status.code != ST_OK)
        return st_error(status.code, "convolver: %.200s: the host did not hand it out", cv->options.impulse);
    status = impulse_read(fd, cv->options.impulse, cv->key.sample_rate_hz, cv->key.channels, out_impulse);
    close(fd);
    return status;
}

static StStatus prepare(Convolver *cv) {
    Impulse impulse;
    size_t whole_frames = 0;
    if (cv->options.impulse[0] != '\0') {
        StStatus read = read_impulse(cv, &impulse);
        if (read.code != ST_OK) return read;
        cv->convolution = convolution_new(&impulse, cv->key.channels);
        cv->key.impulse_hash = impulse.hash;
        impulse_clear(&impulse);
        if (cv->convolution == NULL) return st_error(ST_ERROR_INTERNAL, "convolver: out of memory");
        whole_frames = (cv->convolution->tail_count + 1) * (size_t)PARTITION_FRAMES;
    }
    if (!past_init(&cv->past, cv->key.channels, whole_frames))
        return st_error(ST_ERROR_INTERNAL, "convolver: out of memory");
    return st_ok();
}

static StStatus create_dsp(StStr type_id, uint32_t sample_rate_hz, uint16_t channels, StStr config,
                           StDspInstanceRef *out_instance) {
    Convolver *cv;
    StStatus status;
    if (!st_str_equals(type_id, "convolver")) return st_error(ST_ERROR_INVALID_ARG, "convolver: no such dsp type here");
    if (sample_rate_hz == 0 || sample_rate_hz > MAX_SAMPLE_RATE_HZ || channels == 0 || channels > MAX_CHANNELS)
        return st_error(ST_ERROR_UNSUPPORTED, "convolver: takes 1 to %u Hz and 1 to %d channels, not %u Hz and %u",
                        MAX_SAMPLE_RATE_HZ, MAX_CHANNELS, (unsigned)sample_rate_hz, (unsigned)channels);
    cv = calloc(1, sizeof *cv);
    if (cv == NULL) return st_error(ST_ERROR_INTERNAL, "convolver: out of memory");
    cv->key.sample_rate_hz = sample_rate_hz;
    cv->key.channels = channels;
    status = options_parse(config, &cv->options);
    if (status.code == ST_OK) status = prepare(cv);
    if (status.code != ST_OK) {
        destroy(cv);
        return status;
    }
    blend_init(&cv->blend, sample_rate_hz, cv->options.gain_db, cv->options.mix);
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = cv;
    out_instance->vtable = &vtable;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DSP,
    .type_id_utf8 = ST_STR("convolver"),
    .display_name_utf8 = ST_STR("Convolver"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULT_CONFIG),
}};

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_dsp_instance = create_dsp)
