/*
 * dsp_takeover.c: how a dsp goes on where another ended - replay of what is kept, and the join to what was heard last.
 */
#include <math.h>
#include <string.h>

#include "pump.h"

/* The frame before the first own one: the last replayed, else the input as it is. 0 when there was none. */
static int own_before(const st_dsp *d, int replayed, float *frame) {
    uint32_t channels = d->input.format.channels;
    uint64_t at = d->output.own_pos;
    if (replayed) {
        memcpy(frame, d->scratch.samples + (size_t)(d->input.format.block_frames - 1) * channels, channels * sizeof *frame);
        return 1;
    }
    if (at <= d->input.own_retain) return 0;
    st_ring_get_at(&d->input, at - 1, frame, 1);
    return 1;
}

static void prepare_settling(st_dsp *d, int replayed) {
    float heard[ST_RING_MAX_CHANNELS], own[ST_RING_MAX_CHANNELS];
    int joins = st_ring_get_last(&d->output, heard) && own_before(d, replayed, own);
    for (uint32_t c = 0; c < d->input.format.channels; c++) {
        float step = joins ? heard[c] - own[c] : 0.0f;
        d->settle[c] = isfinite(step) ? step : 0.0f;
    }
}

int st_dsp_take_over(st_lane *lane, st_dsp *d, uint64_t from) {
    uint32_t block = d->input.format.block_frames;
    uint64_t at = d->output.own_pos, scrubbed = 0;
    for (uint64_t p = from; p < at; p += block) {
        if (atomic_load_explicit(&lane->cancelled, memory_order_relaxed)) return 1;
        st_ring_get_at(&d->input, p, d->scratch.samples, block);
        st_status_free(lane, st_dsp_process(lane, d, p));
        if (d->join == ST_JOIN_FILL) st_ring_put_at(&d->output, p, d->scratch.samples, block, &scrubbed);
    }
    if (d->join == ST_JOIN_FILL) d->join = ST_JOIN_NONE;
    if (d->join_from < at) d->join_from = at;
    if (d->join == ST_JOIN_SETTLE) prepare_settling(d, from < at);
    if (d->input.own_pos < at) st_ring_publish_read(&d->input, (uint32_t)(at - d->input.own_pos));
    /* Who died before this one did not come to its checkpoint: were that to happen again, none would be in the history. */
    if (at - from > d->checkpoint_frames) st_dsp_keep(lane, d);
    return 0;
}

static int ramps(const st_dsp *d) { return d->join == ST_JOIN_RAMP || d->join == ST_JOIN_RISE; }

/* The input, so much later; silence from before what is kept. */
static void fetch_dry(st_dsp *d, uint64_t position, uint32_t latency_frames) {
    uint32_t block = d->input.format.block_frames, channels = d->input.format.channels, silent = 0;
    uint64_t oldest = d->input.own_retain + latency_frames; /* the first position whose dry frame is kept */
    if (position < oldest) silent = oldest - position < block ? (uint32_t)(oldest - position) : block;
    memset(d->dry.samples, 0, (size_t)silent * channels * sizeof(float));
    if (silent < block)
        st_ring_get_at(&d->input, position + silent - latency_frames, d->dry.samples + (size_t)silent * channels,
                       block - silent);
}

/* What a ramp begins with: where others rely on the effect, nothing is heard without it. */
static void fetch_ramp_start(st_dsp *d, uint64_t position) {
    if (d->join == ST_JOIN_RISE)
        memset(d->dry.samples, 0, (size_t)d->input.format.block_frames * d->input.format.channels * sizeof(float));
    else
        fetch_dry(d, position, d->join_latency_frames);
}

static int fade_is_over(const st_dsp *d, uint64_t position) {
    return d->fade_from != ST_NO_POSITION && position >= d->fade_from + d->fade_frames;
}

int st_dsp_stays_dry(st_dsp *d, uint64_t position) {
    int over = fade_is_over(d, position);
    if (!over && (!ramps(d) || position >= d->join_from)) return 0;
    if (over)
        fetch_dry(d, position, d->fade_latency_frames);
    else
        fetch_ramp_start(d, position);
    memcpy(d->scratch.samples, d->dry.samples, (size_t)d->input.format.block_frames * d->input.format.channels * sizeof(float));
    return 1;
}

/* From `a` to `b`; where they are equal, exactly that. */
static float between(float a, float b, float g) { return a + g * (b - a); }

static void mix_fade(st_dsp *d, uint64_t position) {
    uint32_t block = d->input.format.block_frames, channels = d->input.format.channels;
    fetch_dry(d, position, d->fade_latency_frames);
    for (uint32_t i = 0; i < block; i++) {
        float *wet = d->scratch.samples + (size_t)i * channels;
        const float *dry = d->dry.samples + (size_t)i * channels;
        uint64_t at = position + i;
        uint64_t done = at < d->fade_from ? 0 : at - d->fade_from;
        float g = done < d->fade_frames ? (float)done / (float)d->fade_frames : 1.0f;
        if (done == 0 && d->fade_frames > 0) continue;
        for (uint32_t c = 0; c < channels; c++) wet[c] = g < 1.0f ? between(wet[c], dry[c], g) : dry[c];
    }
}

static void mix_join(st_dsp *d, uint64_t position) {
    uint32_t block = d->input.format.block_frames, channels = d->input.format.channels;
    float *wet = d->scratch.samples;
    uint64_t done = position - d->join_from;
    if (ramps(d)) fetch_ramp_start(d, position);
    for (uint32_t i = 0; i < block && done < d->join_frames; i++, done++, wet += channels) {
        float g = (float)done / (float)d->join_frames;
        const float *dry = ramps(d) ? d->dry.samples + (size_t)i * channels : NULL;
        for (uint32_t c = 0; c < channels; c++)
            wet[c] = dry ? between(dry[c], wet[c], g) : wet[c] + d->settle[c] * (1.0f - g);
    }
    if (done >= d->join_frames) d->join = ST_JOIN_NONE;
}

void st_dsp_join(st_dsp *d, uint64_t position) {
    if (d->join != ST_JOIN_NONE) mix_join(d, position);
    if (d->fade_from != ST_NO_POSITION && position + d->input.format.block_frames > d->fade_from) mix_fade(d, position);
}
