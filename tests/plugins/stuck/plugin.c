/*
 * stuck: an effect that does nothing, and after so many blocks never comes back from a call.
 */
#include <stellatune_sdk.h>

#include <unistd.h>

typedef struct Stuck {
    long blocks_left;
} Stuck;

static StStatus process(void *handle, float *samples, uint32_t frames) {
    Stuck *stuck = handle;
    (void)samples;
    (void)frames;
    while (stuck->blocks_left <= 0) pause();
    stuck->blocks_left--;
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
    Stuck *stuck = calloc(1, sizeof *stuck);
    (void)type_id;
    (void)rate;
    (void)channels;
    if (stuck == NULL) return st_error(ST_ERROR_INTERNAL, "no memory");
    stuck->blocks_left = (long)st_json_number_or(st_json(config), "after_blocks", 0);
    memset(out, 0, sizeof *out);
    out->handle = stuck;
    out->vtable = &VTABLE;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DSP,
    .type_id_utf8 = ST_STR("stuck"),
    .display_name_utf8 = ST_STR("Stuck"),
    .config_schema_json_utf8 = ST_STR("{\"type\": \"object\", \"properties\": {\"after_blocks\": {\"type\": \"integer\"}}, "
                                      "\"additionalProperties\": false}"),
    .default_config_json_utf8 = ST_STR("{\"after_blocks\": 0}"),
}};

ST_DEFINE_MODULE("{\"id\": \"test.dsp.stuck\", \"name\": \"Stuck\", \"api_version\": 6, \"version\": {\"major\": 1, \"minor\": 0, "
                 "\"patch\": 0}}",
                 CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_dsp_instance = create)
