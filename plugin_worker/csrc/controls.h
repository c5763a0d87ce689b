/*
 * controls.h: what the plugin asks of the host, checked here and sent on by the outbox. The plugin never waits: what became
 * of a request it is told by a host event.
 */
#ifndef ST_WORKER_CONTROLS_H
#define ST_WORKER_CONTROLS_H

#include <stddef.h>
#include <stdint.h>

#define ST_CONTROL_BYTES (16u << 10)

/*
 * From now on requests whose "control" is this word are let through; without any, all are refused.
 * thread: module lane, before the entry call
 * realtime: no
 * owned: the word is copied
 * valid until: the process ends
 * errors: -1 when there are too many words, or it is too long
 */
int st_controls_allow(const char *word, size_t len);

/*
 * Hands a request to the outbox and gives its number, which no other request of this process has.
 * thread: any
 * realtime: yes
 * owned: the text stays the caller's
 * valid until: return
 * errors: ST_ERROR_INVALID_ARG (too long, or no JSON object with the text "control"), ST_ERROR_UNSUPPORTED (a word that
 *         is not allowed), ST_ERROR_INTERNAL (no room)
 */
int32_t st_controls_send(const char *text, size_t len, uint64_t *out_request);

#endif
