/*
 * probe.h: one file through a decoder that is made for it and ended again: what it is, and what it says of itself.
 *
 * For scans, which do this a hundred thousand times: all calls of one file without the GIL, each marked as any other.
 */
#ifndef ST_WORKER_PROBE_H
#define ST_WORKER_PROBE_H

#include "lane.h"

#define ST_PROBE_TEXT_BYTES 2000u

/* What is asked of each file, and what became of the last one. Zeroed at first. */
typedef struct st_probe {
    const StPluginModule *module;
    StStr type_id;
    StStr config;
    size_t most_tags; /* bytes of a text that is taken */

    uint32_t failed; /* st_call that was refused; ST_CALL_NONE: it was opened */
    int32_t code;    /* of that call; ST_OK with ST_CALL_CREATE: `ref` lacks a function, and nobody may end it */
    uint32_t text_len;
    char text[ST_PROBE_TEXT_BYTES]; /* what the plugin said to that */
    StDecoderInstanceRef ref;       /* ended already, but in that case */
    StDecoderInfo info;
    uint32_t seeks_frames, seeks_ms;
    uint8_t *tags; /* a copy; the bytes stay until the next file, the memory until st_probe_free */
    size_t tags_bytes;
    size_t tags_room;
} st_probe;

/*
 * Makes a decoder, opens `fd` with it, asks it for its format and its tags, and ends it. Tags that are refused or too long
 * are none. A texts's pointer may be null where its length is 0.
 * thread: the lane's own
 * realtime: no
 * owned: the descriptor stays the caller's; the texts of the plugin are copied and freed
 * valid until: the texts until return; what it writes, until the next file
 * errors: -1 where the lane may not call, and nothing was called; what the plugin refuses is in `failed`
 */
int st_probe_file(st_lane *lane, st_probe *probe, int fd, const char *name, size_t name_bytes, const char *extension,
                  size_t extension_bytes);

/*
 * Gives back its memory.
 * thread: any
 * realtime: no
 * owned: the probe stays the caller's
 * valid until: return
 * errors: none
 */
void st_probe_free(st_probe *probe);

#endif
