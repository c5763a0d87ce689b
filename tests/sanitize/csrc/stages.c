/*
 * stages.c: attach, hold, release and detach of the three kinds.
 */
#include "stages.h"

#include <string.h>

#include "chance.h"
#include "numbers.h"
#include "segments.h"

#define CHECKPOINT_FRAMES (4u * BLOCK_FRAMES)
#define RATE_HZ 48000u
#define CHUNK_FRAMES 200u
#define SINK_FRAMES (2u * BLOCK_FRAMES)

static void map(st_ring *ring, int fd, st_ring_side side) {
    expect(st_ring_map(ring, fd, side) == ST_RING_OK, "a stage maps its ring");
}

static void scratch_for(st_scratch *scratch, uint32_t frames) {
    expect(st_scratch_make(scratch, (size_t)frames * CHANNELS) == 0, "there is memory for a block");
}

static void attach_decode(stage *s, const place *at) {
    st_decode *d = &s->decode;
    const char *error;
    memset(d, 0, sizeof *d);
    map(&d->output, at->out, ST_RING_WRITER);
    scratch_for(&d->scratch, CHUNK_FRAMES);
    d->convert = st_convert_make(RATE_HZ, CHANNELS, RATE_HZ, CHANNELS, CHUNK_FRAMES, ST_QUALITY_VERY_HIGH, 0, &error);
    expect(d->convert != NULL, "there is a converter");
    d->vtable = &numbering_decoder;
    d->handle = &s->instance;
    d->channels = CHANNELS;
    d->chunk_frames = CHUNK_FRAMES;
    d->take_frames = -1;
    st_ramp_set(&d->gain, 1.0f);
    d->finish_at = ST_NO_POSITION;
    s->instance.next = d->output.own_pos;
}

static void import_state(stage *s, const place *at) {
    st_checkpoint_label label;
    StBlob blob = {s->dsp.exported, 0};
    expect(st_checkpoint_get(&s->dsp.checkpoint, (uint32_t)at->slot, &label, s->dsp.exported), "a checkpoint is whole");
    expect(label.position == at->from && label.epoch == at->epoch, "a checkpoint is what the host saw");
    blob.len = (size_t)label.length;
    expect(numbering_dsp.instance.import_state_blob(&s->instance, blob).code == ST_OK, "a state is taken");
}

static void attach_dsp(stage *s, const place *at) {
    st_dsp *d = &s->dsp;
    memset(d, 0, sizeof *d);
    map(&d->input, at->in, ST_RING_READER);
    map(&d->output, at->out, ST_RING_WRITER);
    scratch_for(&d->scratch, BLOCK_FRAMES);
    d->vtable = &numbering_dsp;
    d->handle = &s->instance;
    d->state_form = ST_STATE_BLOB;
    d->wake_frames = 2 * BLOCK_FRAMES;
    expect(st_checkpoint_map(&d->checkpoint, at->checkpoints, at->slot) == 0, "checkpoints are mapped");
    d->exported = malloc(d->checkpoint.slot_bytes);
    expect(d->exported != NULL, "there is memory for a state");
    d->checkpoint_frames = CHECKPOINT_FRAMES;
    d->kept.position = ST_NO_POSITION;
    d->epoch = at->epoch;
    d->join = at->from < d->output.own_pos ? ST_JOIN_SETTLE : ST_JOIN_NONE; /* to itself: nothing to settle */
    d->join_frames = 3 * BLOCK_FRAMES;
    d->fade_from = d->switch_at = ST_NO_POSITION;
    if (at->slot >= 0) import_state(s, at);
}

static void attach_sink(stage *s, const place *at) {
    st_sink *k = &s->sink;
    memset(k, 0, sizeof *k);
    map(&k->input, at->in, ST_RING_READER);
    scratch_for(&k->scratch, SINK_FRAMES);
    k->digest = st_digest_make();
    k->vtable = &numbering_sink;
    k->handle = &s->instance;
    k->cut_at = k->switch_at = ST_NO_POSITION;
    k->finish_at = at->end;
    k->wake_frames = k->chunk_frames = SINK_FRAMES;
    st_ramp_set(&k->volume, 1.0f);
    s->instance.next = k->input.own_pos;
}

/* Greets both peers; the owner then pumps. */
static int begin(stage *s, uint64_t epoch) {
    if (s->kind == DSP) {
        s->dsp.epoch = epoch;
        st_dsp_expect_checkpoint(&s->dsp);
        st_ring_greet(&s->dsp.input);
    }
    if (s->kind == SINK) st_ring_greet(&s->sink.input);
    else st_ring_greet(s->kind == DSP ? &s->dsp.output : &s->decode.output);
    return 1;
}

int stage_attach(stage *s, job *j) {
    const place *at = j->argument;
    s->instance = (numbering){.host = at->host, .state = at->state, .end = at->end, .effects = at->effects};
    s->instance.acts = at->acts;
    if (at->kind == DECODE) attach_decode(s, at);
    else if (at->kind == DSP) attach_dsp(s, at);
    else attach_sink(s, at);
    if (at->kind == DSP) expect(st_dsp_take_over(st_lane_current(), &s->dsp, at->from) == 0, "a takeover goes through");
    return begin(s, at->epoch);
}

int stage_hold(stage *s, job *j) {
    if (s->kind != SINK) st_ring_before_sleep(s->kind == DSP ? &s->dsp.output : &s->decode.output);
    if (s->kind != DECODE) st_ring_before_sleep(s->kind == DSP ? &s->dsp.input : &s->sink.input);
    if (s->kind == DSP) st_dsp_keep(st_lane_current(), &s->dsp);
    (void)j;
    return 0;
}

static void adopt(stage *s, st_ring *ring, uint64_t *position) {
    uint64_t stood = ring->own_pos;
    expect(st_ring_adopt(ring) == ST_RING_OK, "positions are possible");
    if (ring->own_pos == stood) return;
    *position = ring->own_pos;
    s->decode.pending_frames = s->decode.source_ended = 0;
    s->dsp.join = ST_JOIN_NONE;
}

int stage_release(stage *s, job *j) {
    const place *at = j->argument;
    uint64_t moved = ST_NO_POSITION;
    if (s->kind == DECODE) adopt(s, &s->decode.output, &moved);
    if (s->kind == SINK) adopt(s, &s->sink.input, &moved);
    if (s->kind == DSP) {
        adopt(s, &s->dsp.input, &moved);
        adopt(s, &s->dsp.output, &moved);
        expect(s->dsp.input.own_pos == s->dsp.output.own_pos, "both rings stand at one position");
    }
    if (moved != ST_NO_POSITION) {
        s->instance.next = moved;
        if (s->kind == DSP) numbering_dsp.reset(&s->instance);
    }
    return begin(s, at->epoch);
}

int stage_detach(stage *s, job *j) {
    (void)j;
    if (s->kind == DECODE) {
        st_ring_unmap(&s->decode.output);
        st_scratch_free(&s->decode.scratch);
        st_convert_free(s->decode.convert);
    } else if (s->kind == DSP) {
        st_ring_unmap(&s->dsp.input);
        st_ring_unmap(&s->dsp.output);
        st_scratch_free(&s->dsp.scratch);
        st_checkpoint_unmap(&s->dsp.checkpoint);
        free(s->dsp.exported);
    } else {
        st_ring_unmap(&s->sink.input);
        st_scratch_free(&s->sink.scratch);
        st_digest_free(s->sink.digest);
    }
    return 0;
}
