/*
 * host_callbacks.c: log, root, events in both directions, controls, cancellation, files.
 */
#include "host_callbacks.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controls.h"
#include "inbox.h"
#include "lane.h"
#include "outbox.h"

#define FILE_SLOTS 32
#define FILE_VALUE_BYTES 4096
#define ANSWER_BYTES 64

static char root_text[FILE_VALUE_BYTES];
static size_t root_bytes;

/* Granted descriptors. The lock is only ever held for a few stores, and never on the audio path. */
static struct {
    uint64_t instance;
    int fd; /* -1: the slot is free */
    size_t len;
    char value[FILE_VALUE_BYTES];
} files[FILE_SLOTS];
static int files_ready;
static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;

/* Without a text: a plugin may hand our status on as its own, and its texts are freed by its own plugin_free. */
static StStatus failure(int32_t code) { return (StStatus){.code = code}; }

static void log_utf8(void *user_data, uint32_t level, StStr message) {
    (void)user_data;
    if (message.ptr) st_outbox_log(level, message.ptr, message.len);
}

static StStr get_runtime_root(void *user_data) {
    (void)user_data;
    return (StStr){.ptr = root_text, .len = root_bytes};
}

static StStatus emit_event(void *user_data, StStr event) {
    (void)user_data;
    if (event.len > ST_OUTBOX_EVENT_BYTES || (event.len && !event.ptr)) return failure(ST_ERROR_INVALID_ARG);
    if (st_outbox_event(event.ptr, event.len) != 0) return failure(ST_ERROR_INTERNAL);
    return (StStatus){0};
}

static StStatus poll_host_event(void *user_data, StStr *out_event) {
    char *text = NULL;
    size_t room = 0, len;
    (void)user_data;
    while ((len = st_inbox_take(text, room)) > room) { /* another thread may have taken the one that was measured */
        char *larger = realloc(text, len);
        if (larger == NULL) {
            free(text);
            return failure(ST_ERROR_INTERNAL);
        }
        text = larger;
        room = len;
    }
    if (len == 0) {
        free(text);
        text = NULL;
    }
    *out_event = (StStr){.ptr = text, .len = len};
    return (StStatus){0};
}

static StStatus send_control(void *user_data, StStr request, StStr *out_response) {
    char *answer = malloc(ANSWER_BYTES);
    uint64_t number;
    int32_t code;
    (void)user_data;
    if (answer == NULL) return failure(ST_ERROR_INTERNAL);
    code = st_controls_send(request.ptr, request.len, &number);
    if (code != ST_OK) {
        free(answer);
        return failure(code);
    }
    out_response->len =
        (size_t)snprintf(answer, ANSWER_BYTES, "{\"status\":\"accepted\",\"request\":%" PRIu64 "}", number);
    out_response->ptr = answer;
    return (StStatus){0};
}

static void free_host_str(void *user_data, StStr text) {
    (void)user_data;
    free((char *)text.ptr);
}

static uint8_t call_cancelled(void *user_data) {
    st_lane *lane = st_lane_current();
    (void)user_data;
    return lane && st_lane_gives_up(lane) ? 1 : 0;
}

static void prepare_files(void) {
    if (files_ready) return;
    for (int i = 0; i < FILE_SLOTS; i++) files[i].fd = -1;
    files_ready = 1;
}

static uint64_t current_instance(void) {
    st_lane *lane = st_lane_current();
    return lane ? lane->instance : 0;
}

static StStatus take_file(void *user_data, StStr value, int32_t *out_fd) {
    uint64_t instance = current_instance();
    int fd = -1;
    (void)user_data;
    pthread_mutex_lock(&files_lock);
    prepare_files();
    for (int i = 0; i < FILE_SLOTS && fd < 0; i++) {
        if (files[i].fd >= 0 && files[i].instance == instance && files[i].len == value.len &&
            memcmp(files[i].value, value.ptr, value.len) == 0) {
            fd = files[i].fd;
            files[i].fd = -1;
        }
    }
    pthread_mutex_unlock(&files_lock);
    if (fd < 0) return failure(ST_ERROR_INVALID_ARG);
    *out_fd = fd;
    return (StStatus){0};
}

int st_files_grant(const char *value, size_t len, int fd) {
    int result = -1;
    if (len > FILE_VALUE_BYTES) return -1;
    pthread_mutex_lock(&files_lock);
    prepare_files();
    for (int i = 0; i < FILE_SLOTS && result != 0; i++) {
        if (files[i].fd < 0) {
            files[i].fd = fd;
            files[i].instance = current_instance();
            files[i].len = len;
            memcpy(files[i].value, value, len);
            result = 0;
        }
    }
    pthread_mutex_unlock(&files_lock);
    return result;
}

void st_files_end(void) {
    uint64_t instance = current_instance();
    pthread_mutex_lock(&files_lock);
    prepare_files();
    for (int i = 0; i < FILE_SLOTS; i++) {
        if (files[i].fd >= 0 && files[i].instance == instance) {
            close(files[i].fd);
            files[i].fd = -1;
        }
    }
    pthread_mutex_unlock(&files_lock);
}

const StHostVTable *st_host_table(const char *root, size_t root_len) {
    static const StHostVTable table = {
        .api_version = STELLATUNE_API_VERSION,
        .log_utf8 = log_utf8,
        .get_runtime_root_utf8 = get_runtime_root,
        .emit_event_json_utf8 = emit_event,
        .poll_host_event_json_utf8 = poll_host_event,
        .send_control_json_utf8 = send_control,
        .free_host_str_utf8 = free_host_str,
        .call_cancelled = call_cancelled,
        .take_file = take_file,
    };
    root_bytes = root_len < sizeof root_text ? root_len : 0;
    memcpy(root_text, root, root_bytes);
    return &table;
}
