/*
 * sink_file: the plugin's tables, and the life of an instance from target text to a completed file.
 */
#define _POSIX_C_SOURCE 200809L

#include <strings.h>
#include <unistd.h>

#include <stellatune_sdk.h>

#include "flac.h"
#include "recording.h"
#include "wav.h"

#define SCHEMA                                                                                                   \
    "{\"type\": \"object\", \"properties\": {\"format\": {\"type\": \"string\", "                                \
    "\"enum\": [\"s16\", \"s24\", \"f32\"], \"default\": \"f32\"}, "                                              \
    "\"dither\": {\"enum\": [\"auto\", \"on\", \"off\"], \"default\": \"auto\"}, "                              \
    "\"trim_db\": {\"type\": \"number\", \"minimum\": -60, \"maximum\": 24, \"default\": 0, "                     \
    "\"title\": \"Gain of this output in dB\"}}, \"additionalProperties\": false}"
#define DEFAULT_CONFIG "{\"format\": \"f32\", \"dither\": \"auto\", \"trim_db\": 0}"
#define TARGET_SCHEMA                                                                                            \
    "{\"type\": \"object\", \"properties\": {\"id\": {\"const\": \"file\"}, \"name\": {\"type\": \"string\"}, "  \
    "\"default\": {\"type\": \"boolean\"}, "                                                                     \
    "\"path\": {\"type\": \"string\", \"format\": \"file-write\", \"maxLength\": 4095}}, "                       \
    "\"required\": [\"path\"], \"additionalProperties\": false}"
#define METADATA                                                                                                 \
    "{\"id\": \"stellatune.sink.file\", \"name\": \"File output\", \"api_version\": 6, "                         \
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\", "                            \
    "\"target_schemas\": {\"file\": " TARGET_SCHEMA "}}"
#define TARGETS "[{\"id\": \"file\", \"name\": \"A file\", \"default\": true}]"

#define PATH_BYTES 4096
#define SHOWN_BYTES 256
#define PREFERRED_CHUNK_FRAMES 4096u

typedef enum Dither { DITHER_AUTO, DITHER_ON, DITHER_OFF } Dither;

typedef struct Config {
    SampleFormat format;
    Dither dither;
    double trim_db;
} Config;

typedef struct FileSink {
    Config config;
    Trim trim;
    int is_open;
    char shown_path[SHOWN_BYTES + 4];
    Recording recording;
} FileSink;

typedef struct Target {
    char path[PATH_BYTES];
    size_t path_len;
    const Container *container;
} Target;

static StStatus parse_format(StStr config, SampleFormat *out) {
    StJson value;
    char name[8] = "f32";
    int found = 1;
    if (st_json_member(st_json(config), "format", &value)) found = st_json_string(value, name, sizeof name, NULL);
    if (found && strcmp(name, "s16") == 0) {
        *out = FORMAT_S16;
    } else if (found && strcmp(name, "s24") == 0) {
        *out = FORMAT_S24;
    } else if (found && strcmp(name, "f32") == 0) {
        *out = FORMAT_F32;
    } else {
        return st_error(ST_ERROR_INVALID_ARG, "file sink: format is none of s16, s24, f32");
    }
    return st_ok();
}

static StStatus parse_dither(StStr config, Dither *out) {
    StJson value;
    char name[8] = "auto";
    int found = 1;
    if (st_json_member(st_json(config), "dither", &value)) found = st_json_string(value, name, sizeof name, NULL);
    if (found && strcmp(name, "auto") == 0) {
        *out = DITHER_AUTO;
    } else if (found && strcmp(name, "on") == 0) {
        *out = DITHER_ON;
    } else if (found && strcmp(name, "off") == 0) {
        *out = DITHER_OFF;
    } else {
        return st_error(ST_ERROR_INVALID_ARG, "file sink: dither is none of auto, on, off");
    }
    return st_ok();
}

/* By itself where rounding can be heard: the error of 24 bits lies below the noise of any converter. */
static int is_dithered(const Config *config) {
    return config->dither == DITHER_ON || (config->dither == DITHER_AUTO && config->format == FORMAT_S16);
}

static StStatus parse_config(StStr config, Config *out) {
    StJson value;
    Config parsed = {0};
    StStatus read = parse_format(config, &parsed.format);
    if (read.code == ST_OK) read = parse_dither(config, &parsed.dither);
    if (read.code != ST_OK) return read;
    if (st_json_member(st_json(config), "trim_db", &value) && !st_json_number(value, &parsed.trim_db))
        return st_error(ST_ERROR_INVALID_ARG, "file sink: trim_db is not a number");
    if (!(parsed.trim_db >= TRIM_LEAST_DB && parsed.trim_db <= TRIM_MOST_DB))
        return st_error(ST_ERROR_INVALID_ARG, "file sink: trim_db is %g, choose -60 to 24", parsed.trim_db);
    *out = parsed;
    return st_ok();
}

/* The end of a long path, cut between characters. */
static void show_path(const Target *target, char *out) {
    const char *at = target->path;
    if (target->path_len > SHOWN_BYTES) {
        at += target->path_len - SHOWN_BYTES;
        while ((*at & 0xC0) == 0x80) at++;
        memcpy(out, "...", 3);
        out += 3;
    }
    memcpy(out, at, strlen(at) + 1);
}

static int has_suffix(const Target *target, const char *suffix) {
    size_t n = strlen(suffix);
    return target->path_len > n && strcasecmp(target->path + target->path_len - n, suffix) == 0;
}

static StStatus parse_target(StStr json, Target *out) {
    char shown[SHOWN_BYTES + 4];
    StJson value;
    if (!st_json_member(st_json(json), "path", &value) ||
        !st_json_string(value, out->path, sizeof out->path, &out->path_len) || out->path_len == 0)
        return st_error(ST_ERROR_INVALID_ARG, "file sink: the target needs a path, as in {\"path\": \"out.wav\"}");
    out->container = has_suffix(out, wav_container.suffix)    ? &wav_container
                     : has_suffix(out, flac_container.suffix) ? &flac_container
                                                              : NULL;
    if (out->container != NULL) return st_ok();
    show_path(out, shown);
    return st_error(ST_ERROR_UNSUPPORTED, "cannot tell the kind of %s: let its name end in .wav or .flac", shown);
}

static StStatus list_targets(void *handle, StStr *out_json) {
    (void)handle;
    *out_json = st_str_copy(TARGETS, sizeof TARGETS - 1);
    return out_json->len ? st_ok() : st_error(ST_ERROR_INTERNAL, "file sink: out of memory");
}

static StStatus negotiate(void *handle, StStr target_json, StAudioSpec wished, StOutputSinkNegotiatedSpec *out_spec) {
    Target target;
    StStatus done = parse_target(target_json, &target);
    if (done.code == ST_OK) done = target.container->check(((FileSink *)handle)->config.format, wished);
    if (done.code != ST_OK) return done;
    memset(out_spec, 0, sizeof *out_spec);
    out_spec->spec = wished;
    out_spec->preferred_chunk_frames = PREFERRED_CHUNK_FRAMES;
    out_spec->flags = ST_NEGOTIATE_EXACT;
    return st_ok();
}

static StStatus open_sink(void *handle, StStr target_json, StAudioSpec spec, uint64_t start_frame) {
    FileSink *sink = handle;
    AddressedFile file = {.fd = -1, .shown_path = sink->shown_path};
    Target target;
    StStr path;
    StStatus done;
    if (sink->is_open) return st_error(ST_ERROR_INVALID_ARG, "file sink: %s is open already", sink->shown_path);
    done = parse_target(target_json, &target);
    if (done.code == ST_OK) done = target.container->check(sink->config.format, spec);
    if (done.code != ST_OK) return done;
    path.ptr = target.path;
    path.len = target.path_len;
    done = st_take_file(path, &file.fd);
    if (done.code != ST_OK) return done;
    show_path(&target, sink->shown_path);
    done = recording_begin(&sink->recording, file, target.container, sink->config.format, spec, start_frame);
    if (done.code != ST_OK) {
        close(file.fd);
        return done;
    }
    trim_set(&sink->trim, sink->config.trim_db);
    sink->recording.dithered = is_dithered(&sink->config);
    sink->is_open = 1;
    return st_ok();
}

static StStatus not_open(void) { return st_error(ST_ERROR_INVALID_ARG, "file sink: not open"); }

static StStatus write_frames(void *handle, uint32_t frames, uint16_t channels, const float *samples,
                             uint32_t *out_accepted) {
    FileSink *sink = handle;
    StStatus written;
    if (!sink->is_open) return not_open();
    if (channels != sink->recording.spec.channels)
        return st_error(ST_ERROR_INVALID_ARG, "file sink: %u channels for a file of %u", (unsigned)channels,
                        (unsigned)sink->recording.spec.channels);
    written = recording_write(&sink->recording, &sink->trim, samples, frames);
    if (written.code == ST_OK) *out_accepted = frames;
    return written;
}

static StStatus query_status(void *handle, StOutputSinkRuntimeStatus *out_status) {
    memset(out_status, 0, sizeof *out_status);
    out_status->running = (uint8_t)((FileSink *)handle)->is_open;
    return st_ok();
}

static StStatus flush(void *handle) {
    FileSink *sink = handle;
    return sink->is_open ? sink->recording.container->complete(&sink->recording, st_cancelled) : not_open();
}

static StStatus reset(void *handle, uint64_t next_frame) {
    FileSink *sink = handle;
    if (!sink->is_open) return not_open();
    trim_set(&sink->trim, sink->config.trim_db);
    return recording_go_on(&sink->recording, next_frame);
}

static void close_sink(void *handle) {
    FileSink *sink = handle;
    if (sink->is_open) close(sink->recording.file.fd);
    sink->is_open = 0;
}

static void destroy(void *handle) {
    close_sink(handle);
    free(handle);
}

/* A change of format waits until no file is open: a new instance could not go on with the file either. */
static StStatus check_update(const FileSink *sink, StStr config, Config *out) {
    StStatus parsed = parse_config(config, out);
    if (parsed.code == ST_OK && sink->is_open && out->format != sink->config.format)
        return st_error(ST_ERROR_INVALID_ARG, "the format of %s cannot change while it is written", sink->shown_path);
    return parsed;
}

static StStatus plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    const FileSink *sink = handle;
    Config wanted;
    StStatus checked = check_update(sink, config, &wanted);
    if (checked.code != ST_OK) {
        st_plan(out_plan, ST_CONFIG_REJECT, ST_CONFIG_COST_LOW);
        out_plan->reason_utf8 = checked.message;
        return st_ok();
    }
    return wanted.format == sink->config.format ? st_plan(out_plan, ST_CONFIG_HOT_APPLY, ST_CONFIG_COST_LOW)
                                                : st_plan(out_plan, ST_CONFIG_RECREATE, ST_CONFIG_COST_MEDIUM);
}

static StStatus apply(void *handle, StStr config) {
    FileSink *sink = handle;
    Config wanted;
    StStatus checked = check_update(sink, config, &wanted);
    if (checked.code != ST_OK) return checked;
    if (wanted.format != sink->config.format)
        return st_error(ST_ERROR_INVALID_ARG, "file sink: another format needs a new instance");
    sink->config = wanted;
    sink->recording.dithered = is_dithered(&wanted);
    if (sink->is_open) trim_to(&sink->trim, wanted.trim_db, sink->recording.spec.sample_rate_hz);
    return st_ok();
}

static const StOutputSinkInstanceVTable vtable = {
    .list_targets_json_utf8 = list_targets,
    .negotiate_spec = negotiate,
    .open = open_sink,
    .write_interleaved_f32 = write_frames,
    .query_status = query_status,
    .flush = flush,
    .reset = reset,
    .close = close_sink,
    .instance = {.plan_config_update_json_utf8 = plan, .apply_config_update_json_utf8 = apply, .destroy = destroy},
};

static StStatus create_sink(StStr type_id, StStr config, StOutputSinkInstanceRef *out_instance) {
    Config wanted;
    StStatus parsed;
    FileSink *sink;
    if (!st_str_equals(type_id, "file")) return st_error(ST_ERROR_INVALID_ARG, "file sink: no such sink type here");
    parsed = parse_config(config, &wanted);
    if (parsed.code != ST_OK) return parsed;
    sink = calloc(1, sizeof *sink);
    if (sink == NULL) return st_error(ST_ERROR_INTERNAL, "file sink: out of memory");
    sink->config = wanted;
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = sink;
    out_instance->vtable = &vtable;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_OUTPUT_SINK,
    .type_id_utf8 = ST_STR("file"),
    .display_name_utf8 = ST_STR("File output"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULT_CONFIG),
}};

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_output_sink_instance = create_sink)
