/*
 * sink_null: takes frames nowhere, counts and hashes them, and tells both in one event.
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <time.h>

#include <stellatune_sdk.h>

#include "pacer.h"

#define SCHEMA                                                                                                   \
    "{\"type\": \"object\", \"properties\": {\"paced\": {\"type\": \"boolean\", \"default\": false}, "           \
    "\"hash\": {\"type\": \"boolean\", \"default\": true}}, \"additionalProperties\": false}"
#define DEFAULT_CONFIG "{\"paced\": false, \"hash\": true}"
#define TARGET_SCHEMA                                                                                            \
    "{\"type\": \"object\", \"properties\": {\"id\": {\"const\": \"null\"}, \"name\": {\"type\": \"string\"}, "  \
    "\"default\": {\"type\": \"boolean\"}}, \"additionalProperties\": false}"
#define METADATA                                                                                                 \
    "{\"id\": \"stellatune.sink.null\", \"name\": \"Null output\", \"api_version\": 6, "                         \
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\", "                            \
    "\"target_schemas\": {\"null\": " TARGET_SCHEMA "}}"
#define TARGETS "[{\"id\": \"null\", \"name\": \"Nowhere\", \"default\": true}]"

#define MAX_SAMPLE_RATE_HZ 768000u
#define MAX_CHANNELS 64u
#define FNV_START 0xcbf29ce484222325ull
#define FNV_PRIME 0x100000001b3ull
#define WAIT_NS 2000000
#define LONGEST_WAIT_NS 20000000u /* after that a full queue answers "not now" */

typedef struct NullSink {
    int paced, hashing;
    int is_open, told; /* told: an event tells all frames so far */
    StAudioSpec spec;
    uint64_t frames, hash;
    Pacer pacer;
} NullSink;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void wait_a_little(void) {
    const struct timespec t = {0, WAIT_NS};
    nanosleep(&t, NULL);
}

static uint64_t fnv1a(uint64_t hash, const float *samples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, samples + i, sizeof word);
        hash = (hash ^ word) * FNV_PRIME;
    }
    return hash;
}

static void tell(NullSink *sink) {
    char text[256], hash[40] = "";
    if (sink->told || st_host == NULL || st_host->emit_event_json_utf8 == NULL) return;
    if (sink->hashing) snprintf(hash, sizeof hash, "\"fnv1a64\": \"%016" PRIx64 "\", ", sink->hash);
    snprintf(text, sizeof text,
             "{\"topic\": \"sink.null\", \"frames\": %" PRIu64 ", %s\"sample_rate_hz\": %u, \"channels\": %u}",
             sink->frames, hash, (unsigned)sink->spec.sample_rate_hz, (unsigned)sink->spec.channels);
    StStatus sent = st_host->emit_event_json_utf8(st_host->user_data, st_str(text));
    if (sent.code != ST_OK) st_log(ST_LOG_WARN, "null sink: the event could not be sent: %s", text);
    sink->told = 1;
}

static StStatus list_targets(void *handle, StStr *out_json) {
    (void)handle;
    *out_json = st_str_copy(TARGETS, sizeof TARGETS - 1);
    return out_json->len ? st_ok() : st_error(ST_ERROR_INTERNAL, "null sink: out of memory");
}

static StStatus check(StStr target, StAudioSpec spec) {
    StJson id;
    char name[8];
    if (st_json_member(st_json(target), "id", &id) &&
        !(st_json_string(id, name, sizeof name, NULL) && strcmp(name, "null") == 0))
        return st_error(ST_ERROR_INVALID_ARG, "null sink: no such target, the only one is \"null\"");
    if (spec.sample_rate_hz == 0 || spec.sample_rate_hz > MAX_SAMPLE_RATE_HZ || spec.channels == 0 ||
        spec.channels > MAX_CHANNELS)
        return st_error(ST_ERROR_UNSUPPORTED, "null sink: takes 1 to %u Hz and 1 to %u channels, not %u Hz and %u",
                        MAX_SAMPLE_RATE_HZ, MAX_CHANNELS, (unsigned)spec.sample_rate_hz, (unsigned)spec.channels);
    return st_ok();
}

static StStatus negotiate(void *handle, StStr target, StAudioSpec wished, StOutputSinkNegotiatedSpec *out_spec) {
    StStatus checked = check(target, wished);
    (void)handle;
    if (checked.code != ST_OK) return checked;
    memset(out_spec, 0, sizeof *out_spec);
    out_spec->spec = wished;
    out_spec->flags = ST_NEGOTIATE_EXACT;
    return st_ok();
}

static StStatus open_sink(void *handle, StStr target, StAudioSpec spec, uint64_t start_frame) {
    NullSink *sink = handle;
    StStatus checked = check(target, spec);
    (void)start_frame;
    if (checked.code != ST_OK) return checked;
    if (sink->is_open) return st_error(ST_ERROR_INVALID_ARG, "null sink: open already");
    sink->is_open = 1;
    sink->told = 0;
    sink->spec = spec;
    sink->frames = 0;
    sink->hash = FNV_START;
    pacer_start(&sink->pacer, spec.sample_rate_hz);
    return st_ok();
}

static StStatus not_open(void) { return st_error(ST_ERROR_INVALID_ARG, "null sink: not open"); }

static StStatus cancelled(void) { return st_error(ST_ERROR_CANCELLED, "null sink: cancelled"); }

/* Waits for room, shortly; *out_taken stays 0 when there was none. */
static StStatus take_paced(NullSink *sink, uint32_t frames, uint32_t *out_taken) {
    uint64_t start = now_ns(), now = start;
    *out_taken = 0;
    for (; frames > 0; now = now_ns()) {
        *out_taken = pacer_accept(&sink->pacer, frames, now);
        if (*out_taken > 0 || now - start >= LONGEST_WAIT_NS) break;
        if (st_cancelled()) return cancelled();
        wait_a_little();
    }
    return st_ok();
}

static StStatus write_frames(void *handle, uint32_t frames, uint16_t channels, const float *samples,
                             uint32_t *out_accepted) {
    NullSink *sink = handle;
    uint32_t taken = frames;
    if (!sink->is_open) return not_open();
    if (channels != sink->spec.channels)
        return st_error(ST_ERROR_INVALID_ARG, "null sink: %u channels in a stream of %u", (unsigned)channels,
                        (unsigned)sink->spec.channels);
    if (sink->paced) {
        StStatus waited = take_paced(sink, frames, &taken);
        if (waited.code != ST_OK) return waited;
    }
    if (sink->hashing) sink->hash = fnv1a(sink->hash, samples, (size_t)taken * channels);
    sink->frames += taken;
    if (taken > 0) sink->told = 0;
    *out_accepted = taken;
    return st_ok();
}

static StStatus query_status(void *handle, StOutputSinkRuntimeStatus *out_status) {
    NullSink *sink = handle;
    memset(out_status, 0, sizeof *out_status);
    out_status->queued_frames = sink->is_open && sink->paced ? pacer_queued(&sink->pacer, now_ns()) : 0;
    out_status->running = (uint8_t)sink->is_open;
    return st_ok();
}

static StStatus flush(void *handle) {
    NullSink *sink = handle;
    if (!sink->is_open) return not_open();
    while (sink->paced && pacer_queued(&sink->pacer, now_ns()) > 0) {
        if (st_cancelled()) return cancelled();
        wait_a_little();
    }
    tell(sink);
    return st_ok();
}

static StStatus reset(void *handle, uint64_t next_frame) {
    NullSink *sink = handle;
    (void)next_frame;
    if (!sink->is_open) return not_open();
    pacer_clear(&sink->pacer);
    return st_ok();
}

static void close_sink(void *handle) {
    NullSink *sink = handle;
    if (sink->is_open) tell(sink);
    sink->is_open = 0;
}

static void destroy(void *handle) {
    close_sink(handle);
    free(handle);
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
    .instance = {.plan_config_update_json_utf8 = st_plan_recreate, .destroy = destroy},
};

static StStatus create_sink(StStr type_id, StStr config, StOutputSinkInstanceRef *out_instance) {
    NullSink *sink;
    StJson value;
    if (!st_str_equals(type_id, "null")) return st_error(ST_ERROR_INVALID_ARG, "null sink: no such sink type here");
    sink = calloc(1, sizeof *sink);
    if (sink == NULL) return st_error(ST_ERROR_INTERNAL, "null sink: out of memory");
    sink->hashing = 1;
    if (st_json_member(st_json(config), "paced", &value)) st_json_bool(value, &sink->paced);
    if (st_json_member(st_json(config), "hash", &value)) st_json_bool(value, &sink->hashing);
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = sink;
    out_instance->vtable = &vtable;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_OUTPUT_SINK,
    .type_id_utf8 = ST_STR("null"),
    .display_name_utf8 = ST_STR("Null output"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULT_CONFIG),
}};

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_output_sink_instance = create_sink)
