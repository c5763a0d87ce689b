/*
 * decode_pump.c: source -> scratch -> conversion -> ring.
 */
#include <string.h>

#include "pump.h"
#include "wake.h"

/* A decoder that keeps saying "call again" without giving anything is stuck. */
#define MAX_EMPTY_READS 1000

static void count_block(st_lane *lane, uint64_t scrubbed) {
    st_lane_status *s = lane->status;
    atomic_store_explicit(&s->blocks, atomic_load_explicit(&s->blocks, memory_order_relaxed) + 1, memory_order_relaxed);
    if (scrubbed)
        atomic_store_explicit(&s->scrubbed_samples, atomic_load_explicit(&s->scrubbed_samples, memory_order_relaxed) + scrubbed,
                              memory_order_relaxed);
}

/* Waits for room; 0 when there is some, 1 when the pump must stop. */
static int wait_for_room(st_lane *lane, st_decode *d, st_stop *stop, uint32_t *out_room) {
    int64_t deadline_ns = 0;
    for (;;) {
        if (st_interrupted(lane, stop)) return 1;
        if (st_stop_for_ring(stop, st_ring_room(&d->output, out_room))) return 1;
        if (*out_room > 0) return 0;
        uint32_t quarter = d->output.format.ahead_frames / 4;
        uint32_t target = quarter > d->output.format.block_frames ? quarter : d->output.format.block_frames;
        if (deadline_ns == 0) deadline_ns = st_now_ns() + ST_PUMP_WAIT_NS;
        if (st_pump_sleep(lane, &d->output, NULL, target, &deadline_ns, stop)) return 1;
    }
}

static int publish_pending(st_lane *lane, st_decode *d, st_stop *stop) {
    while (d->pending_frames > 0) {
        uint32_t room, frames;
        uint64_t scrubbed = 0;
        if (wait_for_room(lane, d, stop, &room)) return 1;
        frames = room < d->pending_frames ? room : d->pending_frames;
        st_ring_put(&d->output, d->pending, frames, &scrubbed);
        st_ring_publish_write(&d->output, frames);
        count_block(lane, scrubbed);
        d->pending += (size_t)frames * d->output.format.channels;
        d->pending_frames -= frames;
    }
    return 0;
}

/* Frames of silence that come before all others. */
static int begin_silent(st_lane *lane, st_decode *d, st_stop *stop) {
    while (d->silence_frames > 0) {
        uint32_t room;
        if (wait_for_room(lane, d, stop, &room)) return 1;
        if (room > d->silence_frames) room = (uint32_t)d->silence_frames;
        st_ring_put_silence(&d->output, room);
        st_ring_publish_write(&d->output, room);
        count_block(lane, 0);
        d->silence_frames -= room;
    }
    return 0;
}

static int pad(st_lane *lane, st_decode *d, st_stop *stop) {
    while (d->output.own_pos < d->finish_at) {
        uint32_t room;
        uint64_t left = d->finish_at - d->output.own_pos;
        if (wait_for_room(lane, d, stop, &room)) return 1;
        if (room > left) room = (uint32_t)left;
        st_ring_put_silence(&d->output, room);
        st_ring_publish_write(&d->output, room);
        count_block(lane, 0);
    }
    st_ring_before_sleep(&d->output);
    st_stop_for(stop, ST_STOP_FINISHED);
    return 1;
}

/* Drops what is to be trimmed; what is left of `got` frames begins at *start. */
static uint32_t trim(st_decode *d, uint32_t got, uint32_t *start) {
    uint32_t dropped = got < d->skip_frames ? got : (uint32_t)d->skip_frames;
    uint32_t left = got - dropped;
    d->skip_frames -= dropped;
    *start = dropped;
    if (d->take_frames >= 0) {
        if ((uint64_t)d->take_frames < left) left = (uint32_t)d->take_frames;
        d->take_frames -= left;
        if (d->take_frames == 0) d->source_ended = 1;
    }
    return left;
}

/* What conversion made becomes pending at the gain, but for the frames that a fresh converter warms up on. */
static void take_converted(st_decode *d, uint32_t made) {
    uint32_t dropped = made < d->drop_frames ? made : (uint32_t)d->drop_frames;
    d->drop_frames -= dropped;
    d->pending += (size_t)dropped * d->output.format.channels;
    d->pending_frames = made - dropped;
    st_ramp_apply(&d->gain, d->pending, d->pending_frames, d->output.format.channels);
}

/* What a stream's trouble stops the pump for. */
static int stop_for_trouble(st_stop *stop, uint32_t trouble) {
    switch (trouble) {
    case ST_TROUBLE_CUT: st_stop_for(stop, ST_STOP_CUT); break;
    case ST_TROUBLE_IMPOSSIBLE: st_stop_for(stop, ST_STOP_RING); break;
    case ST_TROUBLE_LATE: st_stop_failed(stop, ST_ERROR_IO, "its source gives no more bytes"); break;
    default: st_stop_failed(stop, ST_ERROR_IO, "its source failed"); break;
    }
    return 1;
}

/* One call of the plugin, for `frames` into `samples`; 1 when the pump must stop. */
static int ask_source(st_lane *lane, st_decode *d, float *samples, uint32_t frames, st_stop *stop, uint32_t *out_got,
                      uint8_t *out_eof) {
    StStatus status;
    if (d->broken_input) return stop_for_trouble(stop, d->broken_input);
    if (d->input) d->input->trouble = ST_TROUBLE_NONE;
    st_call_mark(lane, ST_CALL_READ);
    status = d->vtable->read_interleaved_f32(d->handle, frames, samples, out_got, out_eof);
    st_call_end(lane);
    if (d->input && d->input->trouble) {
        int gave = status.code == ST_OK && d->input->trouble != ST_TROUBLE_CUT;
        if (!gave) return st_status_free(lane, status), stop_for_trouble(stop, d->input->trouble);
        /* Whatever the decoder makes of it, a stream that broke off is no end; but what it decoded before counts. */
        d->broken_input = d->input->trouble;
        *out_eof = 0;
    }
    if (status.code != ST_OK) {
        if (status.code == ST_ERROR_CANCELLED && st_interrupted(lane, stop)) {
            st_status_free(lane, status);
            return 1;
        }
        st_stop_for_status(lane, stop, status);
        return 1;
    }
    st_status_free(lane, status);
    if (*out_got > frames) {
        st_stop_contract(stop, "read_interleaved_f32 says it gave more frames than it was asked for");
        return 1;
    }
    return 0;
}

/* What was read before the stage joined its ring, as much as a chunk holds. */
static void use_primed(st_decode *d, uint32_t *out_got, uint8_t *out_eof) {
    uint32_t left = d->primed_frames - d->primed_at;
    uint32_t frames = left < d->chunk_frames ? left : d->chunk_frames;
    memcpy(d->scratch.samples, d->primed.samples + (size_t)d->primed_at * d->channels,
           (size_t)frames * d->channels * sizeof(float));
    d->primed_at += frames;
    *out_got = frames;
    *out_eof = d->primed_at == d->primed_frames && d->primed_ended;
    if (*out_eof) d->primed_ended = 0;
}

/* The next frames of the source; `pending` then holds what came of them. */
static int read_source(st_lane *lane, st_decode *d, st_stop *stop, uint32_t *empty_reads) {
    uint32_t got = 0, start;
    uint8_t eof = 0;
    if (d->primed_at < d->primed_frames || d->primed_ended)
        use_primed(d, &got, &eof);
    else if (ask_source(lane, d, d->scratch.samples, d->chunk_frames, stop, &got, &eof))
        return 1;
    if (got == 0 && !eof && ++*empty_reads > MAX_EMPTY_READS) {
        st_stop_contract(stop, "read_interleaved_f32 gave no frames a thousand times in a row, and no end of stream");
        return 1;
    }
    if (got > 0) *empty_reads = 0;
    if (eof) d->source_ended = 1;
    got = trim(d, got, &start);
    if (got > 0) {
        int64_t made = st_convert_run(d->convert, d->scratch.samples + (size_t)start * d->channels, got, &d->pending);
        if (made < 0) {
            st_stop_contract(stop, "the rate converter failed");
            return 1;
        }
        take_converted(d, (uint32_t)made);
    }
    return 0;
}

void st_decode_prime(st_lane *lane, st_decode *d, st_stop *stop) {
    uint32_t got = 0;
    uint8_t eof = 0;
    stop->reason = 0;
    if (st_pump_barred(lane, stop)) return;
    if (ask_source(lane, d, d->primed.samples, (uint32_t)(d->primed.count / d->channels), stop, &got, &eof)) return;
    d->primed_frames = got;
    d->primed_at = 0;
    d->primed_ended = eof;
}

/* What the rate converter still holds becomes pending: 1 when that is something. */
static int drain(st_decode *d) {
    int64_t made = st_convert_is_identity(d->convert) ? 0 : st_convert_run(d->convert, NULL, 0, &d->pending);
    if (made > 0) take_converted(d, (uint32_t)made);
    return made > 0;
}

/* A source that fails has given good frames before, which the ring gets whole; a command that waits comes
   first, and the source then fails again. */
static void publish_rest(st_lane *lane, st_decode *d, st_stop *stop) {
    st_stop failed = *stop;
    while (drain(d))
        if (publish_pending(lane, d, stop)) return;
    *stop = failed;
}

void st_decode_pump(st_lane *lane, st_decode *d, st_stop *stop) {
    uint32_t empty_reads = 0;
    if (st_pump_barred(lane, stop)) return;
    for (;;) {
        if (st_interrupted(lane, stop)) return;
        if (begin_silent(lane, d, stop) || publish_pending(lane, d, stop)) return;
        if (d->finish_at != ST_NO_POSITION) {
            pad(lane, d, stop);
            return;
        }
        if (d->source_ended || d->take_frames == 0) {
            if (drain(d)) continue;
            st_ring_before_sleep(&d->output);
            st_stop_for(stop, ST_STOP_END_OF_STREAM);
            return;
        }
        if (read_source(lane, d, stop, &empty_reads)) {
            if (stop->reason == ST_STOP_PLUGIN_ERROR) publish_rest(lane, d, stop);
            return;
        }
    }
}
