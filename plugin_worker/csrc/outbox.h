/*
 * outbox.h: log lines, events and control requests from any thread of a plugin to the one thread that sends them on.
 * Nobody waits: what finds no room is counted, or refused.
 */
#ifndef ST_WORKER_OUTBOX_H
#define ST_WORKER_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#define ST_OUTBOX_LOG_BYTES 1000u
#define ST_OUTBOX_EVENT_BYTES (16u << 10)

typedef struct st_outbox_item {
    uint64_t instance; /* of the lane that called, 0 for a plugin's own thread */
    uint64_t request;  /* number of a control request; 0 for anything else */
    uint32_t level;    /* of a log line; 0 for an event */
    uint32_t len;
} st_outbox_item;

/*
 * Puts a log line, cut to ST_OUTBOX_LOG_BYTES, an event or a control request; 0 when it was queued, -1 when there was no
 * room.
 * thread: any
 * realtime: yes
 * owned: the text stays the caller's
 * valid until: return
 * errors: -1
 */
int st_outbox_log(uint32_t level, const char *text, size_t len);
int st_outbox_event(const char *text, size_t len);
int st_outbox_control(uint64_t request, const char *text, size_t len);

/*
 * Takes the oldest control request, event or log line, in this order; the text goes to `out`, which has room for
 * ST_OUTBOX_EVENT_BYTES. 1 when there was one.
 * thread: outbox
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
int st_outbox_take(st_outbox_item *item, char *out);

/*
 * Log lines and events dropped since the last call.
 * thread: outbox
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_outbox_dropped(uint32_t *out_logs, uint32_t *out_events);

/*
 * Sleeps until somebody puts something, or rings after st_outbox_bell said `seen`; at most timeout_ns. So the caller reads
 * the bell first, then looks at what it waits for, then sleeps.
 * thread: outbox; st_outbox_ring any
 * realtime: no
 * owned: nothing
 * valid until: return
 * errors: none
 */
uint32_t st_outbox_bell(void);
void st_outbox_wait(uint32_t seen, int64_t timeout_ns);
void st_outbox_ring(void);

#endif
