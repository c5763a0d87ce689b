/*
 * level: an effect that multiplies by its "factor", or else by FACTOR, which is fixed when it is built. Built with CRASHES or
 * REFUSES no instance of it can be had.
 */
#include <stellatune_sdk.h>

#ifndef FACTOR
#define FACTOR 1.0f
#endif

typedef struct Level {
    size_t channels;
    float factor;
} Level;

static StStatus process(void *handle, float *samples, uint32_t frames) {
    const Level *level = handle;
    for (size_t i = 0; i < frames * level->channels; i++) samples[i] *= level->factor;
    return st_ok();
}

static uint32_t layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static void destroy(void *handle) { free(handle); }

static const StDspInstanceVTable VTABLE = {
    .process_interleaved_f32_in_place = process,
    .supported_layouts = layouts,
    .instance = {.destroy = destroy},
};

static StStatus create(StStr type_id, uint32_t rate, uint16_t channels, StStr config, StDspInstanceRef *out) {
    Level *level = calloc(1, sizeof *level);
    (void)type_id;
    (void)rate;
#ifdef CRASHES
    abort();
#endif
#ifdef REFUSES
    free(level);
    return st_error(ST_ERROR_UNSUPPORTED, "level: not today");
#endif
    if (level == NULL) return st_error(ST_ERROR_INTERNAL, "no memory");
    level->channels = channels;
    level->factor = (float)st_json_number_or(st_json(config), "factor", FACTOR);
    memset(out, 0, sizeof *out);
    out->handle = level;
    out->vtable = &VTABLE;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DSP,
    .type_id_utf8 = ST_STR("level"),
    .display_name_utf8 = ST_STR("Level"),
    .config_schema_json_utf8 = ST_STR("{\"type\": \"object\"}"),
    .default_config_json_utf8 = ST_STR("{}"),
}};

ST_DEFINE_MODULE("{\"id\": \"test.level\", \"name\": \"Level\", \"api_version\": 6, \"version\": {\"major\": 1, "
                 "\"minor\": 0, \"patch\": 0}}",
                 CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_dsp_instance = create)
