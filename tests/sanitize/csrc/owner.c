/*
 * owner.c: the twin in C of plugin_worker/lane.py, turn by turn.
 */
#include "owner.h"

#include <string.h>
#include <unistd.h>

#include "host_callbacks.h"
#include "numbers.h"

/* Both rings of the stage, null where it has none. */
static void rings(stage *s, st_ring **in, st_ring **out) {
    *in = s->kind == DSP ? &s->dsp.input : s->kind == SINK ? &s->sink.input : NULL;
    *out = s->kind == DECODE ? &s->decode.output : s->kind == DSP ? &s->dsp.output : NULL;
}

static void interrupt_pump(owner *o) {
    st_ring *in, *out;
    rings(&o->stage, &in, &out);
    if (o->pumping && in) st_lane_interrupt(&o->lane, in);
    if (o->pumping && out) st_lane_interrupt(&o->lane, out);
}

static int has_job(owner *o) {
    int found;
    pthread_mutex_lock(&o->desk);
    found = o->job != NULL;
    pthread_mutex_unlock(&o->desk);
    return found;
}

static void set_pumping(owner *o, int pumping) {
    pthread_mutex_lock(&o->door);
    o->pumping = pumping;
    if (pumping) st_lane_clear_interrupt(&o->lane);
    pthread_mutex_unlock(&o->door);
}

/* 1 when the pump is to be entered again. */
static int pump(owner *o) {
    stage *s = &o->stage;
    if (s->kind == DECODE) st_decode_pump(&o->lane, &s->decode, &s->stop);
    else if (s->kind == DSP) st_dsp_pump(&o->lane, &s->dsp, &s->stop);
    else st_sink_pump(&o->lane, &s->sink, &s->stop);
    if (s->stop.reason == ST_STOP_INTERRUPTED) return 1;
    fprintf(stderr, "%.*s", (int)s->stop.text_len, s->stop.text);
    expect(s->stop.reason == ST_STOP_END_OF_STREAM || s->stop.reason == ST_STOP_FINISHED, "a pump stops at the end only");
    atomic_store_explicit(&o->reason, s->stop.reason, memory_order_release);
    return 0;
}

static int do_job(owner *o, int *out_pumps) {
    job *next;
    int last;
    pthread_mutex_lock(&o->desk);
    while (o->job == NULL) pthread_cond_wait(&o->change, &o->desk);
    next = o->job;
    pthread_mutex_unlock(&o->desk);
    pthread_mutex_lock(&o->door);
    st_lane_set_cancelled(&o->lane, 0);
    pthread_mutex_unlock(&o->door);
    *out_pumps = next->run(&o->stage, next);
    st_files_end();
    last = next->last;
    pthread_mutex_lock(&o->desk);
    o->job = NULL;
    o->done = 1;
    pthread_cond_broadcast(&o->change);
    pthread_mutex_unlock(&o->desk);
    return !last;
}

static void *run(void *argument) {
    owner *o = argument;
    int pumps = 0, goes_on = 1;
    st_lane_enter(&o->lane, o->page, o->slot, o->instance);
    while (goes_on) {
        if (pumps) {
            set_pumping(o, 1);
            if (!has_job(o)) pumps = pump(o);
            set_pumping(o, 0);
            if (pumps && !has_job(o)) continue;
        }
        goes_on = do_job(o, &pumps);
    }
    st_lane_leave(&o->lane);
    return NULL;
}

void owner_start(owner *o, kind kind, st_status_page *page, uint32_t slot, uint64_t instance) {
    memset(o, 0, sizeof *o);
    o->stage.kind = kind;
    o->page = page;
    o->slot = slot;
    o->instance = instance;
    pthread_mutex_init(&o->door, NULL);
    pthread_mutex_init(&o->desk, NULL);
    pthread_cond_init(&o->change, NULL);
    expect(pthread_create(&o->thread, NULL, run, o) == 0, "an owner starts");
}

void owner_do(owner *o, job *next) {
    pthread_mutex_lock(&o->desk);
    o->job = next;
    o->done = 0;
    pthread_cond_broadcast(&o->change);
    pthread_mutex_unlock(&o->desk);
    pthread_mutex_lock(&o->door);
    interrupt_pump(o);
    if (next->cancels) st_lane_set_cancelled(&o->lane, 1);
    pthread_mutex_unlock(&o->door);
    pthread_mutex_lock(&o->desk);
    while (!o->done) pthread_cond_wait(&o->change, &o->desk);
    pthread_mutex_unlock(&o->desk);
}

void owner_disturb(owner *o) {
    pthread_mutex_lock(&o->door);
    interrupt_pump(o);
    pthread_mutex_unlock(&o->door);
}

void owner_join(owner *o) {
    pthread_join(o->thread, NULL);
    pthread_mutex_destroy(&o->door);
    pthread_mutex_destroy(&o->desk);
    pthread_cond_destroy(&o->change);
}
