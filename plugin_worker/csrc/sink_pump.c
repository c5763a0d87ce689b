/*
 * sink_pump.c: ring -> scratch with volume -> sink, with partial acceptance; silence while a running device starves.
 */
#include <math.h>
#include <string.h>

#include "pump.h"
#include "wake.h"

#define NOT_NOW_NS 2000000ll     /* a sink that accepts nothing is asked again after this */
#define QUERIES_PER_SECOND 20u
#define HEAD_STARTS_PER_SECOND 10u

static uint64_t load(_Atomic uint64_t *word) { return atomic_load_explicit(word, memory_order_relaxed); }

static void add(_Atomic uint64_t *word, uint64_t n) { atomic_store_explicit(word, load(word) + n, memory_order_relaxed); }

static uint32_t count_clipped(const float *samples, size_t count) {
    uint32_t clipped = 0;
    for (size_t i = 0; i < count; i++) clipped += fabsf(samples[i]) > 1.0f;
    return clipped;
}

/* The nearest position that must not be passed in one go. */
static uint64_t next_stop(const st_sink *k) {
    uint64_t stop = k->finish_at < k->cut_at ? k->finish_at : k->cut_at;
    return stop < k->switch_at ? stop : k->switch_at;
}

static st_stop_reason reason_at(const st_sink *k, uint64_t position) {
    if (position >= k->finish_at) return ST_STOP_FINISHED;
    return position >= k->cut_at ? ST_STOP_DIGEST : ST_STOP_SWITCH;
}

uint32_t st_sink_query(st_lane *lane, st_sink *k) {
    StOutputSinkRuntimeStatus now;
    StStatus status;
    memset(&now, 0, sizeof now);
    st_call_mark(lane, ST_CALL_QUERY);
    status = k->vtable->query_status(k->handle, &now);
    st_call_end(lane);
    st_status_free(lane, status);
    if (status.code == ST_OK) atomic_store_explicit(&lane->status->queued_frames, now.queued_frames, memory_order_relaxed);
    k->since_query = 0;
    return atomic_load_explicit(&lane->status->queued_frames, memory_order_relaxed);
}

/* One write of the plugin; *out_accepted is checked. 1 when the pump must stop. */
static int write_frames(st_lane *lane, st_sink *k, const float *samples, uint32_t frames, st_stop *stop,
                        uint32_t *out_accepted) {
    uint32_t accepted = 0;
    StStatus status;
    st_call_mark(lane, ST_CALL_WRITE);
    status = k->vtable->write_interleaved_f32(k->handle, frames, (uint16_t)k->input.format.channels, samples, &accepted);
    st_call_end(lane);
    if (status.code != ST_OK) {
        if (status.code == ST_ERROR_CANCELLED && st_interrupted(lane, stop)) {
            st_status_free(lane, status);
            return 1;
        }
        st_stop_for_status(lane, stop, status);
        return 1;
    }
    st_status_free(lane, status);
    if (accepted > frames) {
        st_stop_contract(stop, "write_interleaved_f32 says it accepted more frames than it was given");
        return 1;
    }
    *out_accepted = accepted;
    return 0;
}

/* Copies the next frames to scratch, as loud as they are to be. */
static void fetch(st_sink *k, uint32_t frames) {
    st_ring_get(&k->input, k->scratch.samples, frames);
    k->volume_before = k->volume;
    st_ramp_apply(&k->volume, k->scratch.samples, frames, k->input.format.channels);
    k->pending_frames = frames;
    k->pending_at = 0;
}

/* What was fetched and not accepted is fetched again, by whatever the next command makes of volume, end and ring. */
static void put_back(st_sink *k) {
    if (k->pending_frames == 0) return;
    k->volume = k->volume_before;
    st_ramp_skip(&k->volume, k->pending_at);
    k->pending_frames = 0;
}

/* Counts what was accepted from scratch. The digest is of the words as they entered, before volume: copied there again. */
static void count_accepted(st_lane *lane, st_sink *k, float *from, uint32_t frames) {
    size_t samples = (size_t)frames * k->input.format.channels;
    uint32_t clipped = count_clipped(from, samples);
    if (clipped) add(&lane->status->clipped_samples, clipped);
    if (k->digest) {
        st_ring_get(&k->input, from, frames);
        st_digest_add(k->digest, from, samples * sizeof(float));
    }
}

static int deliver(st_lane *lane, st_sink *k, st_stop *stop) {
    uint32_t accepted;
    float *from = k->scratch.samples + (size_t)k->pending_at * k->input.format.channels;
    if (write_frames(lane, k, from, k->pending_frames, stop, &accepted)) return 1;
    if (accepted == 0) {
        st_ring_before_sleep(&k->input);
        st_ring_nap(&k->input, &lane->interrupt, st_now_ns() + NOT_NOW_NS);
        return 0;
    }
    count_accepted(lane, k, from, accepted);
    k->pending_at += accepted;
    k->pending_frames -= accepted;
    k->started = 1;
    st_ring_publish_read(&k->input, accepted);
    add(&lane->status->blocks, 1);
    k->since_query += accepted;
    if (k->since_query >= k->input.format.sample_rate_hz / QUERIES_PER_SECOND) st_sink_query(lane, k);
    return 0;
}

static int play_silence(st_lane *lane, st_sink *k, st_stop *stop) {
    uint32_t accepted;
    memset(k->scratch.samples, 0, (size_t)k->input.format.block_frames * k->input.format.channels * sizeof(float));
    if (!k->starved) {
        k->starved = 1;
        atomic_store_explicit(&lane->status->xruns, atomic_load_explicit(&lane->status->xruns, memory_order_relaxed) + 1,
                              memory_order_relaxed);
    }
    if (write_frames(lane, k, k->scratch.samples, k->input.format.block_frames, stop, &accepted)) return 1;
    add(&lane->status->silence_frames, accepted);
    if (accepted == 0) st_ring_nap(&k->input, &lane->interrupt, st_now_ns() + NOT_NOW_NS);
    return 0;
}

/* Waits for data or plays silence; 1 when the pump must stop. */
static int starve(st_lane *lane, st_sink *k, uint32_t least, st_stop *stop) {
    int paced = k->silence_after_ns > 0 && k->started;
    int64_t patience = !paced ? ST_PUMP_WAIT_NS : k->starved ? 0 : k->silence_after_ns;
    st_ring_result result;
    st_ring_before_sleep(&k->input);
    result = st_ring_wait(&k->input, least, &lane->interrupt, st_now_ns() + patience);
    if (st_stop_for_ring(stop, result)) return 1;
    if (result == ST_RING_TIMEOUT && paced) return play_silence(lane, k, stop);
    if (result == ST_RING_OK) k->starved = 0;
    return 0;
}

/*
 * So much there must be before anything is played. A device that was given its first block plays on whether more comes or
 * not, so it begins only with a head start.
 */
static uint32_t least_frames(const st_sink *k) {
    const st_ring_format *format = &k->input.format;
    uint32_t head_start = format->sample_rate_hz / HEAD_STARTS_PER_SECOND;
    if (k->silence_after_ns <= 0 || k->started) return format->block_frames;
    if (head_start > format->ahead_frames / 2) head_start = format->ahead_frames / 2;
    return head_start > format->block_frames ? head_start : format->block_frames;
}

static void pump(st_lane *lane, st_sink *k, st_stop *stop) {
    for (;;) {
        uint32_t data, least, limit;
        uint64_t way;
        if (st_interrupted(lane, stop)) return;
        if (k->pending_frames > 0) {
            if (deliver(lane, k, stop)) return;
            continue;
        }
        if (k->input.own_pos >= next_stop(k)) {
            st_stop_for(stop, reason_at(k, k->input.own_pos));
            st_ring_before_sleep(&k->input);
            return;
        }
        way = next_stop(k) - k->input.own_pos;
        limit = way < k->chunk_frames ? (uint32_t)way : k->chunk_frames;
        if (st_stop_for_ring(stop, st_ring_available(&k->input, &data))) return;
        least = least_frames(k);
        if (data < (way < least ? way : least)) {
            uint32_t wish = k->wake_frames > least ? k->wake_frames : least;
            if (starve(lane, k, way < wish ? (uint32_t)way : wish, stop)) return;
            continue;
        }
        fetch(k, data < limit ? data : limit);
    }
}

void st_sink_pump(st_lane *lane, st_sink *k, st_stop *stop) {
    if (st_pump_barred(lane, stop)) return;
    pump(lane, k, stop);
    put_back(k);
}
