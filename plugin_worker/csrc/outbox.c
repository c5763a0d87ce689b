/*
 * outbox.c: three bounded queues, many writers and one reader each, after the ticket scheme of D. Vyukov's bounded queue: a
 * slot's sequence says whose turn it is. A writer that stops half-way makes no other writer wait: what comes after it in
 * this queue is read when it has gone on, and is dropped, counted, once the queue is full.
 */
#include "outbox.h"

#include <stdatomic.h>
#include <string.h>

#include "lane.h"
#include "wake.h"

#define LOG_SLOTS 256u
#define EVENT_SLOTS 64u
#define CONTROL_SLOTS 16u

typedef struct slot {
    _Atomic uint64_t turn;
    st_outbox_item item;
} slot;

typedef struct queue {
    uint32_t slots;
    uint32_t text_bytes;
    slot *slot;
    char *text;
    _Atomic uint64_t tail; /* next ticket to write */
    uint64_t head;         /* next to read; the reader's */
    _Atomic uint32_t dropped;
} queue;

static slot log_slot[LOG_SLOTS], event_slot[EVENT_SLOTS], control_slot[CONTROL_SLOTS];
static char log_text[LOG_SLOTS * ST_OUTBOX_LOG_BYTES], event_text[(size_t)EVENT_SLOTS * ST_OUTBOX_EVENT_BYTES];
static char control_text[(size_t)CONTROL_SLOTS * ST_OUTBOX_EVENT_BYTES];
static queue logs = {.slots = LOG_SLOTS, .text_bytes = ST_OUTBOX_LOG_BYTES, .slot = log_slot, .text = log_text};
static queue events = {.slots = EVENT_SLOTS, .text_bytes = ST_OUTBOX_EVENT_BYTES, .slot = event_slot, .text = event_text};
static queue controls = {
    .slots = CONTROL_SLOTS, .text_bytes = ST_OUTBOX_EVENT_BYTES, .slot = control_slot, .text = control_text};
static _Atomic uint32_t bell, asleep;

/* A slot's turn is twice the round: even = free for that round, odd = filled. */
static int put(queue *q, uint32_t level, uint64_t request, const char *text, size_t len) {
    uint64_t ticket = atomic_load_explicit(&q->tail, memory_order_relaxed);
    st_lane *lane = st_lane_current();
    slot *s;
    for (;;) {
        uint64_t round = ticket / q->slots;
        s = &q->slot[ticket % q->slots];
        if (atomic_load_explicit(&s->turn, memory_order_acquire) == 2 * round) {
            if (atomic_compare_exchange_weak_explicit(&q->tail, &ticket, ticket + 1, memory_order_relaxed,
                                                      memory_order_relaxed))
                break;
        } else {
            uint64_t now = atomic_load_explicit(&q->tail, memory_order_relaxed);
            if (now == ticket) {
                atomic_fetch_add_explicit(&q->dropped, 1, memory_order_relaxed);
                return -1;
            }
            ticket = now;
        }
    }
    if (len > q->text_bytes) len = q->text_bytes;
    s->item = (st_outbox_item){
        .instance = lane ? lane->instance : 0, .request = request, .level = level, .len = (uint32_t)len};
    if (len) memcpy(q->text + (size_t)(s - q->slot) * q->text_bytes, text, len);
    atomic_store_explicit(&s->turn, 2 * (ticket / q->slots) + 1, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&asleep, memory_order_relaxed)) st_outbox_ring();
    return 0;
}

static int take(queue *q, st_outbox_item *item, char *out) {
    slot *s = &q->slot[q->head % q->slots];
    uint64_t round = q->head / q->slots;
    if (atomic_load_explicit(&s->turn, memory_order_acquire) != 2 * round + 1) return 0;
    *item = s->item;
    memcpy(out, q->text + (size_t)(s - q->slot) * q->text_bytes, item->len);
    atomic_store_explicit(&s->turn, 2 * (round + 1), memory_order_release);
    q->head++;
    return 1;
}

int st_outbox_log(uint32_t level, const char *text, size_t len) { return put(&logs, level ? level : 1, 0, text, len); }

int st_outbox_event(const char *text, size_t len) { return put(&events, 0, 0, text, len); }

int st_outbox_control(uint64_t request, const char *text, size_t len) { return put(&controls, 0, request, text, len); }

int st_outbox_take(st_outbox_item *item, char *out) {
    return take(&controls, item, out) || take(&events, item, out) || take(&logs, item, out);
}

void st_outbox_dropped(uint32_t *out_logs, uint32_t *out_events) {
    *out_logs = atomic_exchange_explicit(&logs.dropped, 0, memory_order_relaxed);
    *out_events = atomic_exchange_explicit(&events.dropped, 0, memory_order_relaxed);
}

static int something_there(const queue *q) {
    const slot *s = &q->slot[q->head % q->slots];
    return atomic_load_explicit(&s->turn, memory_order_acquire) == 2 * (q->head / q->slots) + 1;
}

uint32_t st_outbox_bell(void) { return atomic_load_explicit(&bell, memory_order_acquire); }

void st_outbox_wait(uint32_t seen, int64_t timeout_ns) {
    atomic_store_explicit(&asleep, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (!something_there(&logs) && !something_there(&events) && !something_there(&controls))
        st_futex_wait(&bell, seen, st_now_ns() + timeout_ns);
    atomic_store_explicit(&asleep, 0, memory_order_relaxed);
}

void st_outbox_ring(void) {
    atomic_fetch_add_explicit(&bell, 1, memory_order_release);
    st_futex_wake(&bell);
}
