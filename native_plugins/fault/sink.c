/*
 * sink.c: takes frames nowhere, at full speed, or keeps them in the file that its configuration names; and faults.
 *
 * Kept is what the call accepted when it comes back in order, so that a fault in `write` keeps nothing.
 */
#include "conduct.h"
#include "keep.h"
#include "types.h"

#define TARGETS "[{\"id\": \"fault\", \"name\": \"Nowhere, with faults\", \"default\": true}]"
#define PHASES                                                                                                   \
    (PHASE_BIT(PHASE_LIST) | PHASE_BIT(PHASE_NEGOTIATE) | PHASE_BIT(PHASE_OPEN) | PHASE_BIT(PHASE_WRITE) |       \
     PHASE_BIT(PHASE_FLUSH) | STATE_PHASES)

typedef struct Sink {
    Conduct conduct;
    int is_open;
    uint64_t position; /* of the next frame */
    char keep[ORDER_PATH_BYTES];
} Sink;

static StStatus list_targets(void *handle, StStr *out_json) {
    *out_json = st_str_copy(TARGETS, sizeof TARGETS - 1);
    trigger_call(&((Sink *)handle)->conduct.trigger, PHASE_LIST, NULL);
    return out_json->len ? st_ok() : st_error(ST_ERROR_INTERNAL, "fault: out of memory");
}

static StStatus negotiate(void *handle, StStr target, StAudioSpec wished, StOutputSinkNegotiatedSpec *out_spec) {
    (void)target;
    memset(out_spec, 0, sizeof *out_spec);
    out_spec->spec = wished;
    out_spec->flags = ST_NEGOTIATE_EXACT;
    trigger_call(&((Sink *)handle)->conduct.trigger, PHASE_NEGOTIATE, NULL);
    return st_ok();
}

static StStatus kept(const Sink *sink, int64_t frames, uint16_t channels, const float *samples) {
    if (keep(sink->keep, sink->position, frames, channels, samples)) return st_ok();
    return st_error(ST_ERROR_IO, "fault: %s cannot be written", sink->keep);
}

static StStatus open_sink(void *handle, StStr target, StAudioSpec spec, uint64_t start_frame) {
    Sink *sink = handle;
    (void)target;
    trigger_call(&sink->conduct.trigger, PHASE_OPEN, NULL);
    sink->is_open = 1;
    sink->position = start_frame;
    return kept(sink, KEPT_OPENING, spec.channels, NULL);
}

static StStatus not_open(void) { return st_error(ST_ERROR_INVALID_ARG, "fault: the sink is not open"); }

static StStatus write_frames(void *handle, uint32_t frames, uint16_t channels, const float *samples,
                             uint32_t *out_accepted) {
    Sink *sink = handle;
    StStatus status;
    if (!sink->is_open) return not_open();
    *out_accepted = frames;
    trigger_call(&sink->conduct.trigger, PHASE_WRITE,
                 &(Site){.samples = (float *)samples, .frames = frames, .channels = channels, .count = out_accepted});
    if (*out_accepted != frames) return st_ok();
    status = kept(sink, frames, channels, samples);
    sink->position += frames;
    return status;
}

static StStatus query_status(void *handle, StOutputSinkRuntimeStatus *out_status) {
    memset(out_status, 0, sizeof *out_status);
    out_status->running = (uint8_t)((Sink *)handle)->is_open;
    return st_ok();
}

static StStatus flush(void *handle) {
    Sink *sink = handle;
    if (!sink->is_open) return not_open();
    trigger_call(&sink->conduct.trigger, PHASE_FLUSH, NULL);
    return st_ok();
}

static StStatus reset(void *handle, uint64_t next_frame) {
    Sink *sink = handle;
    sink->position = next_frame;
    return sink->is_open ? st_ok() : not_open();
}

static void close_sink(void *handle) { ((Sink *)handle)->is_open = 0; }

static void read_keep(Sink *sink, StStr config) {
    StJson path;
    sink->keep[0] = '\0';
    if (st_json_member(st_json(config), "keep", &path)) st_json_string(path, sink->keep, sizeof sink->keep, NULL);
}

static StStatus apply(void *handle, StStr config) {
    StStatus status = conduct_apply(handle, config);
    if (status.code == ST_OK) read_keep(handle, config);
    return status;
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
    .instance = {.plan_config_update_json_utf8 = conduct_plan,
                 .apply_config_update_json_utf8 = apply,
                 .export_state_json_utf8 = conduct_export,
                 .import_state_json_utf8 = conduct_import,
                 .destroy = conduct_destroy},
};

StStatus create_sink(StStr type_id, StStr config, StOutputSinkInstanceRef *out_instance) {
    Sink *sink;
    StStatus set;
    if (!st_str_equals(type_id, "fault")) return st_error(ST_ERROR_INVALID_ARG, "fault: no such sink type here");
    sink = calloc(1, sizeof *sink);
    if (sink == NULL) return st_error(ST_ERROR_INTERNAL, "fault: out of memory");
    set = conduct_begin(&sink->conduct, config, PHASES);
    if (set.code != ST_OK) {
        free(sink);
        return set;
    }
    read_keep(sink, config);
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = sink;
    out_instance->vtable = &VTABLE;
    trigger_call(&sink->conduct.trigger, PHASE_CREATE, NULL);
    return set;
}
