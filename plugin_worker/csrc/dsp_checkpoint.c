/*
 * dsp_checkpoint.c: the state of a dsp, exported at a block boundary into the older slot of its checkpoints.
 */
#include <stdio.h>
#include <string.h>

#include "outbox.h"
#include "pump.h"

static void tell(st_dsp *d, const char *text, int len) {
    if (d->unkept++ == 0) st_outbox_log(ST_LOG_WARN, text, (size_t)len);
}

static void tell_refusal(st_lane *lane, st_dsp *d, StStatus status) {
    char text[96];
    int len = snprintf(text, sizeof text, "export_state failed with code %d; its state is not kept", status.code);
    st_status_free(lane, status);
    tell(d, text, len);
}

/* Into private memory first: a plugin whose bytes are not there dies here, both slots whole. 1 when there is a state. */
static int export_state(st_lane *lane, st_dsp *d, uint64_t *out_length) {
    const StInstanceVTable *table = &d->vtable->instance;
    StBlob blob = {NULL, 0};
    StStr json = {NULL, 0};
    StStatus status;
    st_call_mark(lane, ST_CALL_EXPORT);
    if (d->state_form == ST_STATE_BLOB) {
        status = table->export_state_blob(d->handle, &blob);
    } else {
        status = table->export_state_json_utf8(d->handle, &json);
        blob.ptr = (const uint8_t *)json.ptr;
        blob.len = json.len;
    }
    if (status.code == ST_OK && blob.ptr && blob.len <= d->checkpoint.slot_bytes) memcpy(d->exported, blob.ptr, blob.len);
    if (json.ptr && lane->plugin_free) lane->plugin_free((void *)(uintptr_t)json.ptr, json.len, 1);
    st_call_end(lane);
    if (status.code != ST_OK) {
        tell_refusal(lane, d, status);
        return 0;
    }
    st_status_free(lane, status);
    if (blob.len > d->checkpoint.slot_bytes) {
        char text[128];
        int len = snprintf(text, sizeof text, "a state of %zu bytes is not kept; [pipeline] checkpoint_kib says %u bytes",
                           blob.len, d->checkpoint.slot_bytes);
        tell(d, text, len);
        return 0;
    }
    *out_length = blob.ptr ? blob.len : 0;
    return 1;
}

void st_dsp_expect_checkpoint(st_dsp *d) {
    d->checkpoint_at = d->exported ? (d->output.own_pos / d->checkpoint_frames + 1) * d->checkpoint_frames : ST_NO_POSITION;
}

void st_dsp_keep(st_lane *lane, st_dsp *d) {
    st_checkpoint_label label = {d->output.own_pos, d->epoch, d->config_gen, 0};
    st_dsp_expect_checkpoint(d);
    if (d->exported == NULL) return;
    if (d->kept.position == label.position && d->kept.epoch == label.epoch && d->kept.config_gen == label.config_gen) return;
    if (!export_state(lane, d, &label.length)) return;
    st_checkpoint_put(&d->checkpoint, &label, d->exported);
    d->kept = label;
}
