/*
 * gate: an effect that changes nothing; its creation waits until somebody writes a byte into the FIFO its config names.
 */
#include <fcntl.h>
#include <unistd.h>

#include <stellatune_sdk.h>

static int instances;

static StStatus process(void *handle, float *samples, uint32_t frames) {
    (void)handle;
    (void)samples;
    (void)frames;
    return st_ok();
}

static uint32_t supported_layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static StStatus reset(void *handle) {
    (void)handle;
    return st_ok();
}

static void destroy(void *handle) { --*(int *)handle; }

static const StDspInstanceVTable vtable = {
    .process_interleaved_f32_in_place = process,
    .supported_layouts = supported_layouts,
    .reset = reset,
    .instance = {.destroy = destroy},
};

static StStatus wait_for_a_byte(const char *path) {
    char byte;
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return st_error(ST_ERROR_IO, "gate: %s cannot be opened", path);
    got = read(fd, &byte, 1);
    close(fd);
    return got == 1 ? st_ok() : st_error(ST_ERROR_IO, "gate: nobody wrote into %s", path);
}

static StStatus create_dsp(StStr type_id, uint32_t sample_rate_hz, uint16_t channels, StStr config,
                           StDspInstanceRef *out_instance) {
    StJson value;
    char path[1024];
    (void)type_id;
    (void)sample_rate_hz;
    (void)channels;
    if (st_json_member(st_json(config), "fifo", &value) && st_json_string(value, path, sizeof path, NULL) && path[0]) {
        StStatus opened = wait_for_a_byte(path);
        if (opened.code != ST_OK) return opened;
    }
    instances++;
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = &instances;
    out_instance->vtable = &vtable;
    return st_ok();
}

static StStr metadata_json(void) {
    return st_str("{\"id\": \"test.dsp.gate\", \"name\": \"Gate\", \"api_version\": 6, "
                  "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}}");
}

static size_t capability_count(void) { return 1; }

static const StCapabilityDescriptor *capability_get(size_t index) {
    static const StCapabilityDescriptor gate = {
        .kind = ST_CAPABILITY_DSP,
        .type_id_utf8 = ST_STR("gate"),
        .display_name_utf8 = ST_STR("Gate"),
        .config_schema_json_utf8 = ST_STR("{\"type\": \"object\"}"),
        .default_config_json_utf8 = ST_STR("{\"fifo\": \"\"}"),
    };
    return index == 0 ? &gate : NULL;
}

static const StPluginModule module = {
    .api_version = STELLATUNE_API_VERSION,
    .plugin_version = {1, 0, 0, 0},
    .plugin_free = st_plugin_free,
    .metadata_json_utf8 = metadata_json,
    .capability_count = capability_count,
    .capability_get = capability_get,
    .create_dsp_instance = create_dsp,
};

ST_EXPORT_PLUGIN(module)
