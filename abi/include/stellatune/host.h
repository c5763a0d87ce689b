/*
 * host.h: what the runtime offers to a plugin.
 *
 * Every callback may be called from any thread of the plugin and never waits for the host: events and log lines go into
 * bounded queues and are dropped, counted, when those are full. Any callback may be null.
 */
#ifndef STELLATUNE_HOST_H
#define STELLATUNE_HOST_H

#include "common.h"

ST_BEGIN_DECLS

typedef struct StHostVTable {
    uint32_t api_version;
    uint32_t reserved0;
    void *user_data; /* first argument of every callback */

    /*
     * Writes one log line; the runtime adds plugin, generation and instance.
     * thread: [any]
     * realtime: yes
     * owned: nothing
     * valid until: return
     * errors: none
     */
    void (*log_utf8)(void *user_data, uint32_t level, StStr message_utf8);

    /*
     * Gives the folder the plugin was loaded from.
     * thread: [any]
     * realtime: yes
     * owned: the text stays the host's
     * valid until: the module is gone
     * errors: none (empty when there is none)
     */
    StStr (*get_runtime_root_utf8)(void *user_data);

    /*
     * Sends an event, a JSON text of at most 16 KiB, to whoever listens in the host.
     * thread: [any]
     * realtime: yes
     * owned: nothing
     * valid until: return
     * errors: INVALID_ARG (too long), UNSUPPORTED, INTERNAL (queue full: dropped and counted)
     */
    StStatus (*emit_event_json_utf8)(void *user_data, StStr event_json_utf8);

    /*
     * Takes the oldest waiting host event, a JSON object with a "type"; empty when there is none. At most 64 events or
     * 64 KiB wait; then the oldest are dropped, and {"type": "events.dropped", "count": N} stands in their place. A new
     * generation begins with nothing.
     * thread: [any]
     * realtime: no
     * owned: the text is the host's until freed with free_host_str_utf8
     * valid until: freed
     * errors: UNSUPPORTED, INTERNAL (no memory; nothing was taken)
     */
    StStatus (*poll_host_event_json_utf8)(void *user_data, StStr *out_event_json_utf8);

    /*
     * Hands a control request to the host: a JSON object of at most 16 KiB with a text "control", for which plugin.toml
     * asked the right. The answer, {"status": "accepted", "request": N}, says only that it was queued; what became of it
     * is told by a host event within 10 s: {"type": "control.result", "request": N, "ok": true, "result": {...}} or, with
     * "ok": false, "error": {"code", "message"}. Eight may be under way; more are answered with the error "busy".
     *   right "control:player": {"control": "player", "command": "status" | "stop"}
     *   right "control:queue", "control:library": {"control": "queue" | "library", "command": ...}
     *   right "events:player": {"control": "subscribe" | "unsubscribe", "topics": ["player.tick" | "player.*" | ...]}, for
     *     host events of these types: player.tick (at most 4 a second), player.track_started, player.track_ended,
     *     player.playback_ended
     * thread: [any]
     * realtime: no
     * owned: the text is the host's until freed with free_host_str_utf8
     * valid until: freed; the request until return
     * errors: INVALID_ARG (too long, or no such object), UNSUPPORTED (no right), INTERNAL (queue full)
     */
    StStatus (*send_control_json_utf8)(void *user_data, StStr request_json_utf8, StStr *out_response_json_utf8);

    /*
     * Frees a text that the host gave.
     * thread: [any]
     * realtime: no
     * owned: the text is gone afterwards
     * valid until: return
     * errors: none
     */
    void (*free_host_str_utf8)(void *user_data, StStr text);

    /*
     * Says 1 when the call that this thread is in should give up and return ST_ERROR_CANCELLED; in a read or seek of a
     * source's stream also while somebody waits for the lane, or for another offset: the call then comes again.
     * thread: [lane & inside a call]
     * realtime: yes
     * owned: nothing
     * valid until: return
     * errors: none
     */
    uint8_t (*call_cancelled)(void *user_data);

    /*
     * Takes the descriptor behind a config or target string whose schema says "format": "file-read" or "file-write".
     * The host has opened it; a file for writing is renamed to its real name when the sink has closed. One for reading
     * may be in the hands of others, too, or of an instance that has died: they share its offset. Read it with pread(2),
     * and never move the offset.
     * thread: [lane & inside create, open or apply]
     * realtime: no
     * owned: the descriptor is the plugin's, to be closed with close(2)
     * valid until: closed; the value until return
     * errors: INVALID_ARG (no such value in this call, or taken already)
     */
    StStatus (*take_file)(void *user_data, StStr value_utf8, int32_t *out_fd);

    uint64_t reserved1;
} StHostVTable;

ST_STATIC_ASSERT(sizeof(StHostVTable) == 16 + 8 * 8 + 8, "StHostVTable");
ST_STATIC_ASSERT(offsetof(StHostVTable, log_utf8) == 16, "StHostVTable.log_utf8");

ST_END_DECLS

#endif
