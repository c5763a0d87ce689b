/*
 * mix_pump.c: two rings -> one ring; the first fades out while the second fades in, at equal power.
 *
 * Neither past nor plugin goes into what comes out: whoever takes over anywhere gives the very same samples.
 */
#include <math.h>
#include <string.h>

#include "pump.h"
#include "wake.h"

#define QUARTER_TURN 1.57079632679489661923

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

uint64_t st_mix_input_end(const st_mix *m) {
    return m->join_at == ST_NO_POSITION ? ST_NO_POSITION : smaller(m->join_at + m->fade_frames, m->first_end);
}

/* Of `frames` from `position` on, those before `end`. */
static uint32_t before(uint64_t end, uint64_t position, uint32_t frames) {
    return end <= position ? 0 : (uint32_t)smaller(end - position, frames);
}

/* Frames of either ring that the next block is made of. */
static uint32_t from_input(const st_mix *m) {
    return before(st_mix_input_end(m), m->output.own_pos, m->output.format.block_frames);
}

static uint32_t from_second(const st_mix *m) {
    uint32_t block = m->output.format.block_frames;
    return m->join_at == ST_NO_POSITION ? 0 : block - before(m->join_at, m->output.own_pos, block);
}

/* The block at `position` is in scratch, and of the second ring what there is at the end of `other`. */
static void fade(st_mix *m, uint64_t position) {
    uint32_t block = m->output.format.block_frames, channels = m->output.format.channels;
    for (uint32_t i = before(m->join_at, position, block); i < block; i++) {
        uint64_t done = position + i - m->join_at;
        float *out = m->scratch.samples + (size_t)i * channels;
        const float *coming = m->other.samples + (size_t)i * channels;
        double angle, going_gain, coming_gain;
        if (done >= m->fade_frames) {
            memcpy(out, coming, (size_t)(block - i) * channels * sizeof *out);
            return;
        }
        angle = QUARTER_TURN * (double)done / (double)m->fade_frames;
        going_gain = cos(angle);
        coming_gain = sin(angle);
        for (uint32_t c = 0; c < channels; c++) out[c] = (float)(going_gain * out[c] + coming_gain * coming[c]);
    }
}

/* The output is published before the inputs, so that a death between them redoes the block instead of losing it. */
static void move_block(st_lane *lane, st_mix *m, uint32_t going, uint32_t coming) {
    st_lane_status *s = lane->status;
    uint32_t block = m->output.format.block_frames, channels = m->output.format.channels;
    uint64_t scrubbed = 0;
    st_ring_get(&m->input, m->scratch.samples, going);
    memset(m->scratch.samples + (size_t)going * channels, 0, (size_t)(block - going) * channels * sizeof(float));
    if (coming) {
        st_ring_get(&m->second, m->other.samples + (size_t)(block - coming) * channels, coming);
        fade(m, m->output.own_pos);
    }
    st_ring_put(&m->output, m->scratch.samples, block, &scrubbed);
    st_ring_publish_write(&m->output, block);
    st_ring_publish_read(&m->input, going);
    if (coming) st_ring_publish_read(&m->second, coming);
    atomic_store_explicit(&s->blocks, atomic_load_explicit(&s->blocks, memory_order_relaxed) + 1, memory_order_relaxed);
    if (scrubbed)
        atomic_store_explicit(&s->scrubbed_samples, atomic_load_explicit(&s->scrubbed_samples, memory_order_relaxed) + scrubbed,
                              memory_order_relaxed);
}

/* Data to sleep for: what the next block needs, and as much as is to be read at once, if so much still comes. */
static uint32_t target_of(const st_mix *m, const st_ring *ring, uint32_t needed) {
    uint64_t end = ring == &m->input ? st_mix_input_end(m) : ST_NO_POSITION;
    return larger(needed, before(end, ring->own_pos, m->wake_frames));
}

/* What keeps the next block from being made, null when nothing does; *target: frames to sleep for. 1 when the pump must stop. */
static int find_dry(st_mix *m, uint32_t going, uint32_t coming, st_ring **dry, uint32_t *target, st_stop *stop) {
    uint32_t first, second = 0, room, block = m->output.format.block_frames;
    if (st_stop_for_ring(stop, st_ring_available(&m->input, &first))) return 1;
    if (coming && st_stop_for_ring(stop, st_ring_available(&m->second, &second))) return 1;
    if (st_stop_for_ring(stop, st_ring_room(&m->output, &room))) return 1;
    *dry = NULL;
    if (first < going) {
        *dry = &m->input;
        *target = target_of(m, &m->input, going);
    } else if (second < coming) {
        *dry = &m->second;
        *target = target_of(m, &m->second, coming);
    } else if (room < block) {
        *dry = &m->output;
        *target = larger(block, m->output.format.ahead_frames / 4);
    }
    return 0;
}

/* Before a sleep or a stop: nobody is left asleep who could work. */
static void ring_all(st_mix *m) {
    st_ring_before_sleep(&m->input);
    if (m->join_at != ST_NO_POSITION) st_ring_before_sleep(&m->second);
    st_ring_before_sleep(&m->output);
}

/* Whether the lane has something to do before the next block; fills `stop` then. */
static int is_at_turn(st_mix *m, st_stop *stop) {
    uint64_t at = m->output.own_pos;
    if (m->join_at != ST_NO_POSITION && at >= m->join_at + m->fade_frames) {
        st_stop_for(stop, ST_STOP_SWITCH);
        return 1;
    }
    if (m->limit != ST_NO_POSITION && at + m->output.format.block_frames > m->limit) {
        ring_all(m);
        st_stop_for(stop, ST_STOP_LIMIT);
        return 1;
    }
    return 0;
}

void st_mix_take_over(st_mix *m) {
    uint64_t at = m->output.own_pos, going = smaller(at, st_mix_input_end(m));
    st_ring_publish_read(&m->input, (uint32_t)(going - m->input.own_pos));
    if (m->join_at != ST_NO_POSITION && at > m->join_at) st_ring_publish_read(&m->second, (uint32_t)(at - m->second.own_pos));
}

void st_mix_pump(st_lane *lane, st_mix *m, st_stop *stop) {
    int64_t deadline_ns = st_now_ns() + ST_PUMP_WAIT_NS;
    if (st_pump_barred(lane, stop)) return;
    for (;;) {
        uint32_t going, coming, target = 0;
        st_ring *dry;
        if (st_interrupted(lane, stop) || is_at_turn(m, stop)) return;
        going = from_input(m);
        coming = from_second(m);
        if (find_dry(m, going, coming, &dry, &target, stop)) return;
        if (dry == NULL) {
            move_block(lane, m, going, coming);
            continue;
        }
        ring_all(m);
        if (st_pump_sleep(lane, dry, NULL, target, &deadline_ns, stop)) return;
    }
}
