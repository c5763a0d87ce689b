/*
 * stop.c: how pumps sleep, and how they say why they stopped.
 */
#include <string.h>

#include "pump.h"
#include "wake.h"

void st_stop_for(st_stop *stop, st_stop_reason reason) {
    stop->reason = reason;
    stop->code = 0;
    stop->text_len = 0;
}

static void set_text(st_stop *stop, const char *text, size_t len) {
    if (len > ST_STOP_TEXT_BYTES) len = ST_STOP_TEXT_BYTES;
    if (len) memcpy(stop->text, text, len);
    stop->text_len = (uint32_t)len;
}

void st_stop_contract(st_stop *stop, const char *text) {
    st_stop_for(stop, ST_STOP_CONTRACT);
    set_text(stop, text, strlen(text));
}

void st_stop_failed(st_stop *stop, int32_t code, const char *text) {
    st_stop_for(stop, ST_STOP_PLUGIN_ERROR);
    stop->code = code;
    set_text(stop, text, strlen(text));
}

int st_pump_barred(const st_lane *lane, st_stop *stop) {
    if (st_lane_may_call(lane)) return 0;
    st_stop_contract(stop, "concurrent call: a pump beside another call into the instance");
    return 1;
}

int st_stop_for_ring(st_stop *stop, st_ring_result result) {
    if (result == ST_RING_OK || result == ST_RING_TIMEOUT) return 0;
    st_stop_for(stop, result == ST_RING_INTERRUPTED ? ST_STOP_INTERRUPTED : ST_STOP_RING);
    return 1;
}

void st_status_free(st_lane *lane, StStatus status) {
    if (status.message.ptr && lane->plugin_free) lane->plugin_free((void *)(uintptr_t)status.message.ptr, status.message.len, 1);
}

void st_stop_for_status(st_lane *lane, st_stop *stop, StStatus status) {
    st_stop_for(stop, ST_STOP_PLUGIN_ERROR);
    stop->code = status.code;
    if (status.message.ptr) set_text(stop, status.message.ptr, status.message.len);
    st_status_free(lane, status);
}

int st_interrupted(const st_lane *lane, st_stop *stop) {
    if (!atomic_load_explicit(&lane->interrupt, memory_order_relaxed)) return 0;
    st_stop_for(stop, ST_STOP_INTERRUPTED);
    return 1;
}

int st_pump_sleep(st_lane *lane, st_ring *ring, st_ring *other, uint32_t frames, int64_t *deadline_ns, st_stop *stop) {
    st_ring_result result;
    st_ring_before_sleep(ring);
    if (other) st_ring_before_sleep(other);
    result = st_ring_wait(ring, frames, &lane->interrupt, *deadline_ns);
    if (result == ST_RING_TIMEOUT) *deadline_ns = st_now_ns() + ST_PUMP_WAIT_NS;
    return st_stop_for_ring(stop, result);
}
