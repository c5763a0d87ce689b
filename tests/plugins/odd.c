/*
 * odd: a decoder, a dsp and a sink that behave as their configuration {"mode": "..."} says, mostly badly.
 *
 * The decoder gives frame-numbered audio of {"frames": n}; the sink checks it and logs "sink: N frames, W wrong". A slot
 * named by {"null": "slot"} is null; with {"from": n}, from the nth instance on.
 */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <stellatune_sdk.h>

#define RATE 48000
#define CHANNELS 2

/* What a configuration without these means. */
#ifndef MODE
#define MODE ""
#define FRAMES 1e9
#endif

typedef struct Odd {
    char mode[32];
    uint64_t frames, at, wrong;
    uint32_t calls;
    int told;
    const StIoVTable *io;
    void *io_handle;
    pthread_t thread;
    char complaint[301];
} Odd;

static int is(const Odd *o, const char *mode) { return strcmp(o->mode, mode) == 0; }

static StStatus hang(void) {
    while (!st_cancelled()) usleep(1000);
    return st_error(ST_ERROR_CANCELLED, "gave up");
}

static void *talk(void *arg) {
    int lines = is(arg, "flood") ? 20000 : 3;
    for (int i = 0; i < lines; i++) {
        char event[64];
        StStr text = {event, (size_t)snprintf(event, sizeof event, "{\"n\": %d}", i)};
        st_log(ST_LOG_INFO, "line %d", i);
        st_host->emit_event_json_utf8(st_host->user_data, text);
    }
    return NULL;
}

static StStatus make(StStr config, Odd **out) {
    Odd *o = calloc(1, sizeof *o);
    StJson value, json = st_json(config);
    snprintf(o->mode, sizeof o->mode, "%s", MODE);
    if (st_json_member(json, "mode", &value)) st_json_string(value, o->mode, sizeof o->mode, NULL);
    o->frames = (uint64_t)st_json_number_or(json, "frames", FRAMES);
    if (is(o, "say no")) return free(o), st_error(ST_ERROR_INVALID_ARG, "odd: no, because I was told to");
    if (is(o, "say no strangely")) return free(o), (StStatus){.code = 77};
    if (is(o, "print")) printf("{\"hello\": 1}\n"), fflush(stdout);
    if (is(o, "hang in create")) hang();
    if (is(o, "thread") || is(o, "flood")) pthread_create(&o->thread, NULL, talk, o);
    *out = o;
    return st_ok();
}

static void destroy(void *handle) {
    Odd *o = handle;
    if (is(o, "crash in destroy")) raise(SIGSEGV);
    if (is(o, "hang in destroy")) for (;;) pause();
    if (o->thread) pthread_join(o->thread, NULL);
    free(o);
}

/* ---- decoder ---- */

static StStatus d_open(void *handle, StDecoderOpenArgs args) {
    Odd *o = handle;
    o->io = args.io_vtable;
    o->io_handle = args.io_handle;
    if (is(o, "crash in open")) raise(SIGSEGV);
    if (is(o, "crash behind its own handler")) signal(SIGSEGV, SIG_DFL);
    return is(o, "hang in open") ? hang() : st_ok();
}

static StStatus d_info(void *handle, StDecoderInfo *out) {
    Odd *o = handle;
    if (is(o, "crash behind its own handler")) raise(SIGSEGV);
    memset(out, 0, sizeof *out);
    out->spec.sample_rate_hz = RATE;
    out->spec.channels = is(o, "no channels") ? 0 : CHANNELS;
    out->total_frames = o->frames;
    out->flags = ST_DECODER_FLAG_SEEKABLE | ST_DECODER_FLAG_HAS_FRAMES;
    return st_ok();
}

/* Walks over the input with every function of the io vtable and tells what each said. */
static StStatus d_metadata(void *handle, StStr *out) {
    Odd *o = handle;
    char text[256];
    uint8_t bytes[8];
    size_t start = 99, end = 99, middle = 99;
    uint64_t size = 0, last = 0, told = 0, past = 0, ignored = 0;
    int before, whence;
    if (is(o, "bad text")) return *out = st_str_copy("{\"a\": \"\xff\"}", 10), st_ok();
    o->io->read(o->io_handle, bytes, 4, &start);
    o->io->size(o->io_handle, &size);
    o->io->seek(o->io_handle, -2, ST_SEEK_END, &last);
    o->io->read(o->io_handle, bytes + 4, 4, &middle);
    o->io->tell(o->io_handle, &told);
    o->io->seek(o->io_handle, 100, ST_SEEK_CURRENT, &past);
    o->io->read(o->io_handle, bytes, 0, &end);
    o->io->read(o->io_handle, bytes + 6, 2, &end);
    before = o->io->seek(o->io_handle, -1, ST_SEEK_START, &ignored).code;
    whence = o->io->seek(o->io_handle, 0, 7, &ignored).code;
    snprintf(text, sizeof text, "[\"%.6s\", %zu, %llu, %llu, %zu, %llu, %llu, %zu, %d, %d]", (char *)bytes, start,
             (unsigned long long)size, (unsigned long long)last, middle, (unsigned long long)told, (unsigned long long)past,
             end, before, whence);
    *out = st_str_copy(text, strlen(text));
    return st_ok();
}

static StStatus d_read(void *handle, uint32_t frames, float *out, uint32_t *out_frames, uint8_t *out_eof) {
    Odd *o = handle;
    uint32_t portion = 1 + (o->calls++ * 797u) % frames;
    if (is(o, "stuck")) return *out_frames = 0, st_ok();
    if (is(o, "hang in read")) return hang();
    if (is(o, "fail in read")) return st_error(ST_ERROR_DECODE, "odd: frame %llu is broken", (unsigned long long)o->at);
    if (is(o, "overrun")) out[(size_t)frames * CHANNELS] = 1.0f;
    if (portion > o->frames - o->at) portion = (uint32_t)(o->frames - o->at);
    for (uint32_t f = 0; f < portion; f++)
        for (int c = 0; c < CHANNELS; c++) out[f * CHANNELS + c] = is(o, "nan") ? NAN : (float)(o->at + f);
    o->at += portion;
    *out_frames = is(o, "too many") ? frames + 1 : portion;
    *out_eof = o->at == o->frames;
    return st_ok();
}

static StStatus d_seek(void *handle, uint64_t frame, uint64_t *out_landed) {
    Odd *o = handle;
    o->at = is(o, "seek too far") ? frame + 1 : frame;
    *out_landed = o->at;
    return st_ok();
}

/* ---- dsp ---- */

static StStatus p_process(void *handle, float *samples, uint32_t frames) {
    Odd *o = handle;
    size_t count = (size_t)frames * CHANNELS;
    if (is(o, "overrun")) samples[count] = 1.0f;
    if (is(o, "hang in process")) pause();
    if (is(o, "print")) printf("in process\n"), fflush(stdout);
    for (size_t i = 0; i < count; i++) {
        if (is(o, "nan") && i % 5 == 0) samples[i] = i % 2 ? INFINITY : NAN;
        if (is(o, "fail")) samples[i] = -1.0f;
    }
    if (is(o, "fail at length")) return st_error(ST_ERROR_INTERNAL, "odd: %s", (char *)memset(o->complaint, 'x', 300));
    return is(o, "fail") ? st_error(ST_ERROR_INTERNAL, "odd: not today") : st_ok();
}

static uint32_t p_layouts(void *handle) { return (void)handle, ST_LAYOUT_STEREO; }

/* ---- sink ---- */

/* Whether a host event has come; after that, always. */
static int was_told(Odd *o) {
    StStr event = o->told ? st_str(NULL) : st_poll_event();
    if (event.len) o->told = 1;
    st_free_host_str(event);
    return o->told;
}

static StStatus s_targets(void *handle, StStr *out) {
    (void)handle;
    *out = st_str_copy("[]", 2);
    return st_ok();
}

static StStatus s_negotiate(void *handle, StStr target, StAudioSpec wished, StOutputSinkNegotiatedSpec *out) {
    (void)handle, (void)target;
    memset(out, 0, sizeof *out);
    out->spec = wished;
    return st_ok();
}

static StStatus s_open(void *handle, StStr target, StAudioSpec spec, uint64_t start) {
    Odd *o = handle;
    (void)target, (void)spec;
    o->at = start;
    return is(o, "hang in open") ? hang() : st_ok();
}

static StStatus s_write(void *handle, uint32_t frames, uint16_t channels, const float *samples, uint32_t *out_accepted) {
    Odd *o = handle;
    uint32_t take = frames;
    if (is(o, "hang in write")) return hang();
    if (is(o, "fail in write")) return st_error(ST_ERROR_IO, "odd: the device is gone");
    if (is(o, "partial")) take = o->calls++ % 3 ? (o->calls * 7 + 1) % (frames + 1) : 0;
    if (is(o, "full")) take = o->calls++ ? 0 : frames;
    if (is(o, "until told") && !was_told(o)) take = o->calls++ == 0;
    for (uint32_t f = 0; f < take; f++, o->at++)
        for (uint32_t c = 0; c < channels; c++) o->wrong += samples[f * channels + c] != (float)o->at;
    *out_accepted = is(o, "greedy") ? frames + 1 : take;
    return st_ok();
}

static StStatus s_status(void *handle, StOutputSinkRuntimeStatus *out) {
    const Odd *o = handle;
    memset(out, 0, sizeof *out);
    if (is(o, "holds")) out->queued_frames = (uint32_t)o->at;
    if (is(o, "ran dry")) out->underruns = 3;
    return st_ok();
}

static StStatus s_flush(void *handle) {
    Odd *o = handle;
    st_log(ST_LOG_INFO, "sink: %llu frames, %llu wrong", (unsigned long long)o->at, (unsigned long long)o->wrong);
    return is(o, "fail in flush") ? st_error(ST_ERROR_IO, "odd: disk full") : st_ok();
}

static StStatus s_reset(void *handle, uint64_t next) { return ((Odd *)handle)->at = next, st_ok(); }

static void s_close(void *handle) { (void)handle; }

/* ---- module ---- */

static StDecoderInstanceVTable decoder = {.open = d_open, .get_info = d_info, .get_metadata_json_utf8 = d_metadata,
    .read_interleaved_f32 = d_read, .seek_frame = d_seek, .instance = {.destroy = destroy}};
static StDspInstanceVTable dsp = {.process_interleaved_f32_in_place = p_process, .supported_layouts = p_layouts,
    .instance = {.destroy = destroy}};
static StOutputSinkInstanceVTable sink = {.list_targets_json_utf8 = s_targets, .negotiate_spec = s_negotiate, .open = s_open,
    .write_interleaved_f32 = s_write, .query_status = s_status, .flush = s_flush, .reset = s_reset, .close = s_close,
    .instance = {.destroy = destroy}};

#define DROP(table, slot) if (strcmp(name, #slot) == 0) (table)->slot = NULL

/* 1 when the whole table is to be null. */
static int drop_slot(StStr config, StDecoderInstanceVTable *d, StDspInstanceVTable *p, StOutputSinkInstanceVTable *s) {
    static double made;
    char name[64] = "";
    StJson value;
    if (++made < st_json_number_or(st_json(config), "from", 0)) return 0;
    if (!st_json_member(st_json(config), "null", &value) || !st_json_string(value, name, sizeof name, NULL)) return 0;
    if (d) { DROP(d, open); DROP(d, get_info); DROP(d, read_interleaved_f32); DROP(d, instance.destroy); DROP(d, seek_frame); }
    if (p) { DROP(p, process_interleaved_f32_in_place); DROP(p, supported_layouts); DROP(p, instance.destroy); }
    if (s) { DROP(s, list_targets_json_utf8); DROP(s, negotiate_spec); DROP(s, open); DROP(s, write_interleaved_f32);
             DROP(s, query_status); DROP(s, reset); DROP(s, close); DROP(s, instance.destroy); DROP(s, flush); }
    return strcmp(name, "vtable") == 0;
}

static StStatus create_decoder(StStr type_id, StStr config, StDecoderInstanceRef *out) {
    (void)type_id;
    out->vtable = drop_slot(config, &decoder, NULL, NULL) ? NULL : &decoder;
    return make(config, (Odd **)&out->handle);
}

static StStatus create_dsp(StStr type_id, uint32_t rate, uint16_t channels, StStr config, StDspInstanceRef *out) {
    (void)type_id, (void)rate, (void)channels;
    out->vtable = drop_slot(config, NULL, &dsp, NULL) ? NULL : &dsp;
    return make(config, (Odd **)&out->handle);
}

static StStatus create_sink(StStr type_id, StStr config, StOutputSinkInstanceRef *out) {
    (void)type_id;
    out->vtable = drop_slot(config, NULL, NULL, &sink) ? NULL : &sink;
    return make(config, (Odd **)&out->handle);
}

static StStr metadata(void) { return st_str("{\"id\": \"test.odd\", \"name\": \"Odd\", \"api_version\": 6}"); }

static size_t count(void) { return 3; }

static const StCapabilityDescriptor *get(size_t index) {
    static StCapabilityDescriptor all[3] = {{.kind = ST_CAPABILITY_DECODER}, {.kind = ST_CAPABILITY_DSP},
                                            {.kind = ST_CAPABILITY_OUTPUT_SINK}};
    all[index].type_id_utf8 = all[index].display_name_utf8 = st_str("odd");
    all[index].config_schema_json_utf8 = all[index].default_config_json_utf8 = st_str("{}");
    return &all[index];
}

static const StPluginModule module = {.api_version = STELLATUNE_API_VERSION, .plugin_free = st_plugin_free,
    .metadata_json_utf8 = metadata, .capability_count = count, .capability_get = get,
    .create_decoder_instance = create_decoder, .create_dsp_instance = create_dsp, .create_output_sink_instance = create_sink};

ST_EXPORT_PLUGIN(module)
