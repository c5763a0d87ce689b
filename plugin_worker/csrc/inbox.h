/*
 * inbox.h: what the host tells the plugin, kept until a thread of the plugin asks for it. Neither waits for the other: where
 * room is short the oldest goes, and the plugin is told how many went.
 */
#ifndef ST_WORKER_INBOX_H
#define ST_WORKER_INBOX_H

#include <stddef.h>
#include <stdint.h>

#define ST_INBOX_EVENTS 64u
#define ST_INBOX_BYTES (64u << 10)
#define ST_INBOX_EVENT_BYTES (16u << 10)

/*
 * Keeps one event, at the price of the oldest ones; gives how many were lost, itself among them when it is longer than
 * ST_INBOX_EVENT_BYTES.
 * thread: control
 * realtime: no
 * owned: the text stays the caller's
 * valid until: return
 * errors: none
 */
uint32_t st_inbox_put(const char *text, size_t len);

/*
 * Takes the oldest event if it fits into `room` bytes at `out`, and gives its length in any case; 0 when there is none.
 * Where events were lost, one that says how many stands in their place.
 * thread: any
 * realtime: no
 * owned: the text is the caller's copy
 * valid until: the caller's own
 * errors: none
 */
size_t st_inbox_take(char *out, size_t room);

#endif
