/*
 * dsp_pump.c: ring -> scratch -> plugin -> ring, whole blocks only.
 */
#include <stdio.h>

#include "outbox.h"
#include "pump.h"
#include "wake.h"

#define MAX_MESSAGE_BYTES 200u

/* Logs the plugin's own words with the count. */
static void tell_failure(StStatus status, uint32_t errors) {
    char text[MAX_MESSAGE_BYTES + 128];
    size_t len = status.message.ptr ? status.message.len : 0;
    int told = snprintf(text, sizeof text, "process failed with code %d; %u blocks passed on as they were%s%.*s",
                        status.code, errors, len ? ": " : "", (int)(len > MAX_MESSAGE_BYTES ? MAX_MESSAGE_BYTES : len),
                        len ? status.message.ptr : "");
    st_outbox_log(ST_LOG_WARN, text, (size_t)told);
}

StStatus st_dsp_process(st_lane *lane, st_dsp *d, uint64_t position) {
    uint32_t block = d->input.format.block_frames;
    StStatus status;
    st_call_mark(lane, ST_CALL_PROCESS);
    status = d->vtable->process_interleaved_f32_in_place(d->handle, d->scratch.samples, block);
    st_call_end(lane);
    if (status.code != ST_OK) st_ring_get_at(&d->input, position, d->scratch.samples, block);
    return status;
}

/* The next block through the plugin, and what it says about it told. */
static void process_next(st_lane *lane, st_dsp *d) {
    st_lane_status *s = lane->status;
    StStatus status;
    st_ring_get(&d->input, d->scratch.samples, d->input.format.block_frames);
    status = st_dsp_process(lane, d, d->input.own_pos);
    if (status.code != ST_OK) {
        d->errors++;
        if ((d->errors & (d->errors - 1)) == 0) tell_failure(status, d->errors); /* the 1st, 2nd, 4th, 8th ... */
        st_status_free(lane, status);
        atomic_store_explicit(&s->failed_blocks, atomic_load_explicit(&s->failed_blocks, memory_order_relaxed) + 1,
                              memory_order_relaxed);
    } else if (status.message.ptr) {
        st_status_free(lane, status);
    }
    atomic_store_explicit(&s->blocks, atomic_load_explicit(&s->blocks, memory_order_relaxed) + 1, memory_order_relaxed);
    st_dsp_join(d, d->input.own_pos);
}

/* Block at p = in.read = out.write: out.write_pos is published before in.read_pos, so that a death between the two redoes
   the block instead of losing it. */
static void move_block(st_lane *lane, st_dsp *d) {
    st_lane_status *s = lane->status;
    uint32_t block = d->input.format.block_frames;
    uint64_t scrubbed = 0;
    if (!st_dsp_stays_dry(d, d->input.own_pos)) process_next(lane, d);
    st_ring_put(&d->output, d->scratch.samples, block, &scrubbed);
    st_ring_publish_write(&d->output, block);
    st_ring_publish_read(&d->input, block);
    if (scrubbed)
        atomic_store_explicit(&s->scrubbed_samples, atomic_load_explicit(&s->scrubbed_samples, memory_order_relaxed) + scrubbed,
                              memory_order_relaxed);
}

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

void st_dsp_pump(st_lane *lane, st_dsp *d, st_stop *stop) {
    uint32_t block = d->input.format.block_frames;
    int64_t deadline_ns = st_now_ns() + ST_PUMP_WAIT_NS;
    if (st_pump_barred(lane, stop)) return;
    for (;;) {
        uint32_t data, room;
        st_ring *dry = NULL;
        uint32_t target = block;
        if (st_interrupted(lane, stop)) return;
        if (d->input.own_pos == d->switch_at) {
            st_stop_for(stop, ST_STOP_SWITCH);
            return;
        }
        if (st_stop_for_ring(stop, st_ring_available(&d->input, &data))) return;
        if (st_stop_for_ring(stop, st_ring_room(&d->output, &room))) return;
        if (data < block) {
            dry = &d->input;
            target = larger(block, d->wake_frames);
        } else if (room < block) {
            dry = &d->output;
            target = larger(block, d->output.format.ahead_frames / 4);
        }
        if (dry == NULL) {
            move_block(lane, d);
            if (d->output.own_pos >= d->checkpoint_at) st_dsp_keep(lane, d);
            continue;
        }
        if (st_pump_sleep(lane, dry, dry == &d->input ? &d->output : &d->input, target, &deadline_ns, stop)) return;
    }
}
