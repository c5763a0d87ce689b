/*
 * capture: an output that plays by its own frame clock and keeps what it was given, and every frame that it was not.
 *
 * Target {"path": "/some/name"}: all accepted frames, as float32, go to /some/name.f32 in the order they came; what
 * happened goes to /some/name.journal (journal.h). A process that opens them again goes on, with the clock still running:
 * the queue outlives the process, as that of a sound server does. tests/support/capture.py reads both.
 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <stellatune_sdk.h>

#include "clock.h"
#include "journal.h"

#define PATH_BYTES 4096
#define WAIT_NS 1000000
#define PERIODS 8 /* so many fill the queue; it takes no crumbs, lest the journal grows by a thousand lines a second */
#define LONGEST_WAIT_NS 20000000u /* after that a full queue answers "not now" */
#ifndef AHEAD_MS
#define AHEAD_MS 100
#endif
#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)

typedef struct Capture {
    double speed, ahead_ms;
    char path[PATH_BYTES];
    int data; /* -1: not open */
    StAudioSpec spec;
    uint64_t position; /* of the next frame */
    Clock clock;
    Journal journal;
} Capture;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void wait_a_little(void) {
    const struct timespec t = {0, WAIT_NS};
    nanosleep(&t, NULL);
}

static StStatus failed(const Capture *c, const char *what) {
    return st_error(ST_ERROR_IO, "capture: %s: %s: %s", c->path, what, strerror(errno));
}

static StStatus not_open(void) { return st_error(ST_ERROR_INVALID_ARG, "capture: not open"); }

static StStatus tell(Capture *c, const char *kind, uint64_t frames, uint64_t ns, unsigned detail) {
    return journal_tell(&c->journal, kind, c->position, frames, ns, detail) == 0 ? st_ok() : failed(c, "journal");
}

static StStatus list_targets(void *handle, StStr *out_json) {
    static const char targets[] = "[{\"id\": \"capture\", \"name\": \"A capture\", \"default\": true}]";
    (void)handle;
    *out_json = st_str_copy(targets, sizeof targets - 1);
    return st_ok();
}

static StStatus negotiate(void *handle, StStr target, StAudioSpec wished, StOutputSinkNegotiatedSpec *out_spec) {
    (void)handle;
    (void)target;
    memset(out_spec, 0, sizeof *out_spec);
    out_spec->spec = wished;
    out_spec->flags = ST_NEGOTIATE_EXACT;
    return st_ok();
}

static StStatus open_files(Capture *c) {
    char name[PATH_BYTES + 16];
    snprintf(name, sizeof name, "%s.journal", c->path);
    if (journal_open(&c->journal, name, &c->clock) != 0) return failed(c, "journal");
    snprintf(name, sizeof name, "%s.f32", c->path);
    c->data = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (c->data >= 0) return st_ok();
    journal_close(&c->journal);
    return failed(c, "data");
}

static StStatus open_sink(void *handle, StStr target, StAudioSpec spec, uint64_t start_frame) {
    Capture *c = handle;
    StJson value;
    StStatus opened;
    if (c->data >= 0) return st_error(ST_ERROR_INVALID_ARG, "capture: open already");
    if (!st_json_member(st_json(target), "path", &value) || !st_json_string(value, c->path, sizeof c->path, NULL))
        return st_error(ST_ERROR_INVALID_ARG, "capture: the target needs a path");
    c->clock = (Clock){.rate_hz = spec.sample_rate_hz * c->speed,
                       .depth_frames = (uint64_t)(spec.sample_rate_hz * c->ahead_ms / 1000)};
    opened = open_files(c);
    if (opened.code != ST_OK) return opened;
    c->spec = spec;
    c->position = start_frame;
    return tell(c, "open", spec.sample_rate_hz, now_ns(), spec.channels);
}

static int all_zero(const float *samples, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (samples[i] != 0) return 0;
    return 1;
}

/* Appends the samples, then says so. */
static StStatus keep(Capture *c, const float *samples, uint32_t frames, uint64_t now) {
    size_t frame_bytes = c->spec.channels * sizeof(float), bytes = frames * frame_bytes;
    off_t at = (off_t)(c->journal.frames * frame_bytes);
    StStatus told;
    if (pwrite(c->data, samples, bytes, at) != (ssize_t)bytes) return failed(c, "data");
    told = tell(c, "write", frames, now, (unsigned)all_zero(samples, (size_t)frames * c->spec.channels));
    if (told.code != ST_OK) return told;
    c->journal.frames += frames;
    c->clock.given += frames;
    c->position += frames;
    return told;
}

/* Catches up with what the device has played meanwhile, out of nothing. */
static StStatus fill_up(Capture *c, uint64_t now) {
    uint64_t missing = clock_missing(&c->clock, now);
    c->clock.given += missing;
    return missing ? tell(c, "silence", missing, now, 0) : st_ok();
}

static StStatus write_frames(void *handle, uint32_t frames, uint16_t channels, const float *samples,
                             uint32_t *out_accepted) {
    Capture *c = handle;
    uint64_t start = now_ns(), now = start, room, least;
    StStatus done;
    if (c->data < 0) return not_open();
    if (channels != c->spec.channels) return st_error(ST_ERROR_INVALID_ARG, "capture: another number of channels");
    if (!c->clock.runs) clock_start(&c->clock, now);
    least = c->clock.depth_frames / PERIODS > frames ? frames : c->clock.depth_frames / PERIODS;
    while ((room = clock_room(&c->clock, now)) < least && now - start < LONGEST_WAIT_NS) {
        if (st_cancelled()) return st_error(ST_ERROR_CANCELLED, "capture: cancelled");
        wait_a_little();
        now = now_ns();
    }
    *out_accepted = 0;
    if (room == 0 || frames == 0) return st_ok();
    done = fill_up(c, now);
    if (done.code != ST_OK) return done;
    if (frames > room) frames = (uint32_t)room;
    done = keep(c, samples, frames, now);
    if (done.code == ST_OK) *out_accepted = frames;
    return done;
}

static StStatus query_status(void *handle, StOutputSinkRuntimeStatus *out_status) {
    const Capture *c = handle;
    memset(out_status, 0, sizeof *out_status);
    out_status->queued_frames = c->data >= 0 ? (uint32_t)clock_queued(&c->clock, now_ns()) : 0;
    out_status->running = c->data >= 0;
    return st_ok();
}

static StStatus flush(void *handle) {
    Capture *c = handle;
    if (c->data < 0) return not_open();
    while (c->clock.runs && clock_queued(&c->clock, now_ns()) > 0) {
        if (st_cancelled()) return st_error(ST_ERROR_CANCELLED, "capture: cancelled");
        wait_a_little();
    }
    clock_stop(&c->clock);
    return tell(c, "flush", 0, now_ns(), 0);
}

static StStatus reset(void *handle, uint64_t next_frame) {
    Capture *c = handle;
    uint64_t now = now_ns(), queued = clock_queued(&c->clock, now);
    if (c->data < 0) return not_open();
    clock_stop(&c->clock);
    c->position = next_frame;
    return tell(c, "reset", queued, now, 0);
}

static void close_sink(void *handle) {
    Capture *c = handle;
    uint64_t now = now_ns();
    StStatus told;
    if (c->data < 0) return;
    told = tell(c, "close", c->clock.runs ? clock_queued(&c->clock, now) : 0, now, 0);
    st_plugin_free((void *)told.message.ptr, told.message.len, 1);
    close(c->data);
    journal_close(&c->journal);
    c->data = -1;
}

static void destroy(void *handle) {
    close_sink(handle);
    free(handle);
}

static const StOutputSinkInstanceVTable VTABLE = {
    .list_targets_json_utf8 = list_targets,
    .negotiate_spec = negotiate,
    .open = open_sink,
    .write_interleaved_f32 = write_frames,
    .query_status = query_status,
    .flush = flush,
    .reset = reset,
    .close = close_sink,
    .instance = {.destroy = destroy},
};

static StStatus create_sink(StStr type_id, StStr config, StOutputSinkInstanceRef *out_instance) {
    Capture *c = calloc(1, sizeof *c);
    (void)type_id;
    if (c == NULL) return st_error(ST_ERROR_INTERNAL, "capture: out of memory");
    c->data = -1;
    c->speed = st_json_number_or(st_json(config), "speed", 1);
    c->ahead_ms = st_json_number_or(st_json(config), "ahead_ms", AHEAD_MS);
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = c;
    out_instance->vtable = &VTABLE;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_OUTPUT_SINK,
    .type_id_utf8 = ST_STR("capture"),
    .display_name_utf8 = ST_STR("Capture"),
    .config_schema_json_utf8 = ST_STR("{\"type\": \"object\", \"properties\": {\"speed\": {\"type\": \"number\"}, "
                                      "\"ahead_ms\": {\"type\": \"number\"}}, \"additionalProperties\": false}"),
    .default_config_json_utf8 = ST_STR("{\"speed\": 1, \"ahead_ms\": " TEXT(AHEAD_MS) "}"),
}};

ST_DEFINE_MODULE("{\"id\": \"test.sink.capture\", \"name\": \"Capture\", \"api_version\": 6, \"version\": {\"major\": 1, "
                 "\"minor\": 0, \"patch\": 0}}",
                 CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_output_sink_instance = create_sink)
