/*
 * numbering.c: three plugins in one. They accept and give as much as they like, log, and give up when they are told to.
 */
#include "numbering.h"

#include <string.h>

#include "chance.h"
#include "numbers.h"

#define SLEEP_NS 30000u
#define MOST_TEXT 900u
#define FRAMES_PER_ACT 512u
#define MOST_WAITS 40
#define WAIT_NS 50000

/* What any plugin does besides: log lines and events, told in letters that are all the same; and a while for itself. */
static void live(numbering *n) {
    char text[MOST_TEXT];
    StStr line = {text, 1 + chance(&n->state, MOST_TEXT)};
    uint32_t die = chance(&n->state, 256);
    memset(text, (int)('a' + chance(&n->state, 26)), line.len);
    if (die == 0) n->host->log_utf8(n->host->user_data, ST_LOG_INFO, line);
    if (die == 1) n->host->emit_event_json_utf8(n->host->user_data, line);
    if (die == 2) chance_to_sleep(&n->state, SLEEP_NS);
}

static int gives_up(numbering *n) { return n->host->call_cancelled(n->host->user_data); }

/* However slow the machine is, much is done to the chain before the last frame. Never for long: the host may wait for us. */
static void wait_for_acts(const numbering *n) {
    const struct timespec t = {.tv_nsec = WAIT_NS};
    for (int i = 0; i < MOST_WAITS; i++) {
        if (n->next <= atomic_load_explicit(n->acts, memory_order_relaxed) * FRAMES_PER_ACT) return;
        nanosleep(&t, NULL);
    }
}

static StStatus decoder_read(void *handle, uint32_t frames, float *out, uint32_t *out_frames, uint8_t *out_eof) {
    numbering *n = handle;
    uint64_t left = n->end > n->next ? n->end - n->next : 0;
    uint32_t count = chance(&n->state, frames + 1);
    live(n);
    wait_for_acts(n);
    if (gives_up(n)) return (StStatus){.code = ST_ERROR_CANCELLED};
    if (count > left) count = (uint32_t)left;
    for (uint32_t i = 0; i < count; i++) number_of(n->next + i, 0, out + (size_t)i * CHANNELS);
    n->next += count;
    *out_frames = count;
    *out_eof = n->next >= n->end;
    return (StStatus){0};
}

static StStatus dsp_process(void *handle, float *samples, uint32_t frames) {
    numbering *n = handle;
    live(n);
    if (!n->knows) { /* two digits of the position are all that frames tell */
        n->next = (uint64_t)samples[0] + (uint64_t)samples[1] % DIGIT * DIGIT;
        n->knows = 1;
    }
    for (uint32_t i = 0; i < frames; i++, n->next++, samples += CHANNELS) {
        expect_number("effect", n->next, n->effects, samples);
        samples[1] += (float)DIGIT;
    }
    return (StStatus){0};
}

static StStatus dsp_export(void *handle, StBlob *out_state) {
    numbering *n = handle;
    n->exported = n->next;
    *out_state = (StBlob){(const uint8_t *)&n->exported, sizeof n->exported};
    return (StStatus){0};
}

static StStatus dsp_import(void *handle, StBlob state) {
    numbering *n = handle;
    expect(state.len == sizeof n->next, "a state is as long as it was");
    memcpy(&n->next, state.ptr, sizeof n->next);
    n->knows = 1;
    return (StStatus){0};
}

static StStatus dsp_reset(void *handle) {
    ((numbering *)handle)->knows = 0;
    return (StStatus){0};
}

static StStatus sink_write(void *handle, uint32_t frames, uint16_t channels, const float *samples, uint32_t *out_accepted) {
    numbering *n = handle;
    uint32_t count = chance(&n->state, 16) ? 1 + chance(&n->state, frames) : 0;
    live(n);
    expect(channels == CHANNELS, "a sink is given the ring's channels");
    if (gives_up(n)) return (StStatus){.code = ST_ERROR_CANCELLED};
    for (uint32_t i = 0; i < count; i++) expect_number("sink", n->next + i, n->effects, samples + (size_t)i * CHANNELS);
    n->next += count;
    *out_accepted = count;
    return (StStatus){0};
}

static StStatus sink_status(void *handle, StOutputSinkRuntimeStatus *out_status) {
    out_status->queued_frames = (uint32_t)((numbering *)handle)->next % DIGIT;
    return (StStatus){0};
}

const StDecoderInstanceVTable numbering_decoder = {.read_interleaved_f32 = decoder_read};
const StDspInstanceVTable numbering_dsp = {
    .instance = {.export_state_blob = dsp_export, .import_state_blob = dsp_import},
    .process_interleaved_f32_in_place = dsp_process,
    .reset = dsp_reset,
};
const StOutputSinkInstanceVTable numbering_sink = {.write_interleaved_f32 = sink_write, .query_status = sink_status};
