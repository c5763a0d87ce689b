/*
 * memory: a dsp whose output depends on all it ever heard, y = x + y'/2, with a state that does as {"mode": "..."} says.
 *
 * Modes: "" exports bytes; "json" a text; "none" nothing; "long" more than a slot; "refuse export"; "refuse import"; "late"
 * gives its input 100 frames later and exports nothing. "die in export" and "die in process" crash at call number {"at": n}, counted from 0;
 * "nan" begins with a block of NaN.
 */
#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include <stellatune_sdk.h>

#define CHANNELS 2
#define LATE_FRAMES 100
#define LONG_BYTES (1u << 20)

typedef struct Memory {
    char mode[32];
    uint32_t at, exports, blocks;
    float last[CHANNELS];
    float line[LATE_FRAMES * CHANNELS];
    uint32_t oldest;
} Memory;

static int is(const Memory *m, const char *mode) { return strcmp(m->mode, mode) == 0; }

static float late(Memory *m, float sample) {
    float out = m->line[m->oldest];
    m->line[m->oldest] = sample;
    m->oldest = (m->oldest + 1) % (LATE_FRAMES * CHANNELS);
    return out;
}

static StStatus process(void *handle, float *samples, uint32_t frames) {
    Memory *m = handle;
    if (is(m, "die in process") && m->blocks == m->at) raise(SIGSEGV);
    for (uint32_t i = 0; i < frames * CHANNELS; i++) {
        m->last[i % CHANNELS] = samples[i] + m->last[i % CHANNELS] / 2;
        samples[i] = is(m, "late") ? late(m, samples[i]) : m->last[i % CHANNELS];
        if (is(m, "nan") && m->blocks == 0) samples[i] = NAN;
    }
    m->blocks++;
    return st_ok();
}

static uint32_t layouts(void *handle) { return (void)handle, ST_LAYOUT_STEREO; }

static uint32_t latency(void *handle) { return is(handle, "late") ? LATE_FRAMES : 0; }

static StStatus export_blob(void *handle, StBlob *out) {
    static uint8_t much[LONG_BYTES];
    Memory *m = handle;
    if (is(m, "die in export") && m->exports == m->at) raise(SIGSEGV);
    m->exports++;
    if (is(m, "refuse export")) return st_error(ST_ERROR_INTERNAL, "memory: not today");
    out->ptr = is(m, "long") ? much : (const uint8_t *)m->last;
    out->len = is(m, "long") ? sizeof much : sizeof m->last;
    return st_ok();
}

static StStatus import_blob(void *handle, StBlob state) {
    Memory *m = handle;
    if (is(m, "refuse import")) return st_error(ST_ERROR_INVALID_ARG, "memory: never");
    if (state.len != sizeof m->last) return st_error(ST_ERROR_INVALID_ARG, "memory: wrong size");
    memcpy(m->last, state.ptr, sizeof m->last);
    return st_ok();
}

static StStatus export_json(void *handle, StStr *out) {
    Memory *m = handle;
    char text[128];
    int len = snprintf(text, sizeof text, "{\"left\": %a, \"right\": %a}", m->last[0], m->last[1]);
    *out = st_str_copy(text, (size_t)len);
    return st_ok();
}

static StStatus import_json(void *handle, StStr state) {
    Memory *m = handle;
    char text[128];
    if (state.len >= sizeof text) return st_error(ST_ERROR_INVALID_ARG, "memory: too long");
    memcpy(text, state.ptr, state.len);
    text[state.len] = '\0';
    if (sscanf(text, "{\"left\": %a, \"right\": %a}", &m->last[0], &m->last[1]) != 2)
        return st_error(ST_ERROR_INVALID_ARG, "memory: no state of mine");
    return st_ok();
}

static void destroy(void *handle) { free(handle); }

#define TABLE(...) {.process_interleaved_f32_in_place = process, .supported_layouts = layouts, .latency_frames = latency, \
    .instance = {.destroy = destroy, __VA_ARGS__}}

static const StDspInstanceVTable bytes = TABLE(.export_state_blob = export_blob, .import_state_blob = import_blob);
static const StDspInstanceVTable text = TABLE(.export_state_json_utf8 = export_json, .import_state_json_utf8 = import_json);
static const StDspInstanceVTable none = TABLE(.export_state_blob = export_blob);

static StStatus create(StStr type_id, uint32_t rate, uint16_t channels, StStr config, StDspInstanceRef *out) {
    Memory *m = calloc(1, sizeof *m);
    StJson value, json = st_json(config);
    (void)type_id, (void)rate, (void)channels;
    if (st_json_member(json, "mode", &value)) st_json_string(value, m->mode, sizeof m->mode, NULL);
    m->at = (uint32_t)st_json_number_or(json, "at", 0);
    out->handle = m;
    out->vtable = is(m, "json") ? &text : is(m, "none") || is(m, "late") ? &none : &bytes;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DSP,
    .type_id_utf8 = ST_STR("memory"),
    .display_name_utf8 = ST_STR("Memory"),
    .config_schema_json_utf8 = ST_STR("{}"),
    .default_config_json_utf8 = ST_STR("{}"),
}};

ST_DEFINE_MODULE("{\"id\": \"test.memory\", \"name\": \"Memory\", \"api_version\": 6}", CAPABILITIES,
                 .create_dsp_instance = create)
