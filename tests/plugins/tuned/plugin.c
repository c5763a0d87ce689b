/*
 * tuned: an effect whose every sample depends on all before it, and that writes down each configuration it takes.
 *
 * {"marks": FILE, "tag": TEXT, "how": "apply" | "recreate" | "reject", "level": NUMBER}: `how` says how that configuration
 * wants to be taken; a line "apply TAG" or "create TAG" goes to the file when it was. A level other than before is reached
 * over 10 ms; the tag is not heard.
 */
#include <fcntl.h>
#include <unistd.h>

#include <stellatune_sdk.h>

#define TEXT_BYTES 512
#define MAX_CHANNELS 8
#define RAMPS_PER_SECOND 100

typedef struct Heard {
    float memory[MAX_CHANNELS];
    float from, to;
    uint32_t done; /* frames of the ramp */
} Heard;

typedef struct Tuned {
    Heard heard;
    uint32_t channels, ramp_frames;
    char marks[TEXT_BYTES], tag[TEXT_BYTES], how[TEXT_BYTES];
} Tuned;

static void read_text(StStr config, const char *name, char *out) {
    StJson value;
    if (!st_json_member(st_json(config), name, &value) || !st_json_string(value, out, TEXT_BYTES, NULL)) out[0] = '\0';
}

static void take(Tuned *tuned, StStr config, const char *way) {
    char line[2 * TEXT_BYTES];
    float level = (float)st_json_number_or(st_json(config), "level", 1);
    int fd, length;
    read_text(config, "marks", tuned->marks);
    read_text(config, "tag", tuned->tag);
    if (level != tuned->heard.to) {
        float share = (float)tuned->heard.done / (float)tuned->ramp_frames;
        tuned->heard.from += (tuned->heard.to - tuned->heard.from) * share;
        tuned->heard.to = level;
        tuned->heard.done = 0;
    }
    fd = open(tuned->marks, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    length = snprintf(line, sizeof line, "%s %s\n", way, tuned->tag);
    if (fd < 0 || write(fd, line, (size_t)length) != length) st_log(ST_LOG_ERROR, "tuned: no marks");
    if (fd >= 0) close(fd);
}

static StStatus process(void *handle, float *samples, uint32_t frames) {
    Tuned *tuned = handle;
    Heard *heard = &tuned->heard;
    for (uint32_t i = 0; i < frames; i++) {
        float share = 1;
        if (heard->done < tuned->ramp_frames) share = (float)++heard->done / (float)tuned->ramp_frames;
        for (uint32_t c = 0; c < tuned->channels; c++, samples++) {
            float level = share < 1 ? heard->from + (heard->to - heard->from) * share : heard->to;
            heard->memory[c] = 0.5f * heard->memory[c] + 0.5f * *samples;
            *samples = level * heard->memory[c];
        }
    }
    return st_ok();
}

static uint32_t layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    char how[TEXT_BYTES];
    (void)handle;
    read_text(config, "how", how);
    if (strcmp(how, "reject") == 0) {
        st_plan(out_plan, ST_CONFIG_REJECT, ST_CONFIG_COST_LOW);
        out_plan->reason_utf8 = st_str_copy("tuned: not like this", 20);
        return st_ok();
    }
    return st_plan(out_plan, strcmp(how, "apply") == 0 ? ST_CONFIG_HOT_APPLY : ST_CONFIG_RECREATE, ST_CONFIG_COST_LOW);
}

static StStatus apply(void *handle, StStr config) {
    take(handle, config, "apply");
    return st_ok();
}

static StStatus export_state(void *handle, StBlob *out_state) {
    Tuned *tuned = handle;
    out_state->ptr = (const uint8_t *)&tuned->heard;
    out_state->len = sizeof tuned->heard;
    return st_ok();
}

static StStatus import_state(void *handle, StBlob state) {
    Tuned *tuned = handle;
    float to = tuned->heard.to;
    if (state.len != sizeof tuned->heard) return st_error(ST_ERROR_INVALID_ARG, "tuned: another state");
    memcpy(&tuned->heard, state.ptr, state.len);
    if (to != tuned->heard.to) {
        float share = (float)tuned->heard.done / (float)tuned->ramp_frames;
        tuned->heard.from += (tuned->heard.to - tuned->heard.from) * share;
        tuned->heard.to = to;
        tuned->heard.done = 0;
    }
    return st_ok();
}

static void destroy(void *handle) { free(handle); }

static const StDspInstanceVTable VTABLE = {
    .process_interleaved_f32_in_place = process,
    .supported_layouts = layouts,
    .instance = {.plan_config_update_json_utf8 = plan,
                 .apply_config_update_json_utf8 = apply,
                 .export_state_blob = export_state,
                 .import_state_blob = import_state,
                 .destroy = destroy},
};

static StStatus create(StStr type_id, uint32_t rate, uint16_t channels, StStr config, StDspInstanceRef *out) {
    Tuned *tuned;
    (void)type_id;
    if (channels > MAX_CHANNELS) return st_error(ST_ERROR_UNSUPPORTED, "tuned: at most 8 channels");
    tuned = calloc(1, sizeof *tuned);
    if (tuned == NULL) return st_error(ST_ERROR_INTERNAL, "no memory");
    tuned->channels = channels;
    tuned->ramp_frames = rate / RAMPS_PER_SECOND;
    tuned->heard.from = tuned->heard.to = (float)st_json_number_or(st_json(config), "level", 1);
    tuned->heard.done = tuned->ramp_frames;
    take(tuned, config, "create");
    memset(out, 0, sizeof *out);
    out->handle = tuned;
    out->vtable = &VTABLE;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DSP,
    .type_id_utf8 = ST_STR("tuned"),
    .display_name_utf8 = ST_STR("Tuned"),
    .config_schema_json_utf8 = ST_STR("{\"type\": \"object\"}"),
    .default_config_json_utf8 = ST_STR("{}"),
}};

ST_DEFINE_MODULE("{\"id\": \"test.tuned\", \"name\": \"Tuned\", \"api_version\": 6, \"version\": {\"major\": 1, "
                 "\"minor\": 0, \"patch\": 0}}",
                 CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_dsp_instance = create)
