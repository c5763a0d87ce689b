/*
 * probe.c: create, open, get_info, get_metadata, destroy.
 */
#include "probe.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"
#include "file_io.h"
#include "pump.h"

/* After each call, as a plugin may have replaced what tells of its crash. */
static void end_call(st_lane *lane) {
    st_call_end(lane);
    st_crash_rearm();
}

/* Whether the plugin agreed to a call; if not, the probe holds what it said. The status is freed. */
static int agreed(st_lane *lane, st_probe *probe, uint32_t call, StStatus status) {
    size_t len = status.message.ptr ? status.message.len : 0;
    if (status.code != ST_OK) {
        probe->failed = call;
        probe->code = status.code;
        probe->text_len = (uint32_t)(len < ST_PROBE_TEXT_BYTES ? len : ST_PROBE_TEXT_BYTES);
        if (len) memcpy(probe->text, status.message.ptr, probe->text_len);
    }
    st_status_free(lane, status);
    return status.code == ST_OK;
}

static int is_whole(const StDecoderInstanceVTable *table) {
    return table && table->open && table->get_info && table->read_interleaved_f32 && table->instance.destroy;
}

/* A copy of the text, which is freed. One without memory for it is as one that is too long. */
static void take_tags(st_lane *lane, st_probe *probe, StStr text) {
    size_t len = text.ptr ? text.len : 0;
    if (len > probe->tags_room && len <= probe->most_tags) {
        uint8_t *more = realloc(probe->tags, len);
        if (more) {
            probe->tags = more;
            probe->tags_room = len;
        }
    }
    if (len && len <= probe->tags_room) {
        memcpy(probe->tags, text.ptr, len);
        probe->tags_bytes = len;
    }
    if (text.ptr && lane->plugin_free) lane->plugin_free((void *)(uintptr_t)text.ptr, text.len, 1);
}

static void ask(st_lane *lane, st_probe *probe, StDecoderOpenArgs args) {
    const StDecoderInstanceVTable *table = probe->ref.vtable;
    void *handle = probe->ref.handle;
    StStr text = {NULL, 0};
    StStatus status;

    st_call_begin(lane, ST_CALL_OPEN);
    status = table->open(handle, args);
    end_call(lane);
    if (!agreed(lane, probe, ST_CALL_OPEN, status)) return;

    st_call_begin(lane, ST_CALL_GET_INFO);
    status = table->get_info(handle, &probe->info);
    end_call(lane);
    if (!agreed(lane, probe, ST_CALL_GET_INFO, status)) return;
    probe->seeks_frames = table->seek_frame != NULL;
    probe->seeks_ms = table->seek_ms != NULL;

    if (table->get_metadata_json_utf8 == NULL) return;
    st_call_begin(lane, ST_CALL_GET_METADATA);
    status = table->get_metadata_json_utf8(handle, &text);
    end_call(lane);
    if (status.code == ST_OK) take_tags(lane, probe, text);
    st_status_free(lane, status);
}

int st_probe_file(st_lane *lane, st_probe *probe, int fd, const char *name, size_t name_bytes, const char *extension,
                  size_t extension_bytes) {
    st_file_io io = {fd, 0};
    StDecoderOpenArgs args = {{name, name_bytes}, {extension, extension_bytes}, st_file_io_table(), &io};
    StStatus status;
    probe->failed = ST_CALL_NONE;
    probe->code = ST_OK;
    probe->text_len = 0;
    probe->tags_bytes = 0;
    probe->ref = (StDecoderInstanceRef){0};
    probe->info = (StDecoderInfo){0};

    if (st_call_begin(lane, ST_CALL_CREATE) != 0) return -1;
    status = probe->module->create_decoder_instance(probe->type_id, probe->config, &probe->ref);
    end_call(lane);
    if (!agreed(lane, probe, ST_CALL_CREATE, status)) return 0;
    if (!is_whole(probe->ref.vtable)) {
        probe->failed = ST_CALL_CREATE;
        return 0;
    }

    ask(lane, probe, args);

    st_call_begin(lane, ST_CALL_DESTROY);
    probe->ref.vtable->instance.destroy(probe->ref.handle);
    end_call(lane);
    sched_yield(); /* else whoever is to play waits for the next tick, however far back a scan stands */
    return 0;
}

void st_probe_free(st_probe *probe) {
    free(probe->tags);
    probe->tags = NULL;
    probe->tags_bytes = probe->tags_room = 0;
}
