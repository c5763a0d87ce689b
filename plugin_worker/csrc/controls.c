/*
 * controls.c: size, shape and right of a request. It is a plugin's own text: whether it is strict JSON, the host looks.
 */
#include "controls.h"

#include <stdatomic.h>
#include <stellatune_sdk.h>

#include "outbox.h"

#define WORDS 8
#define WORD_BYTES 32

/* Written before any code of the plugin runs, read ever after. */
static char words[WORDS][WORD_BYTES];
static int allowed;

static _Atomic uint64_t last_request;

int st_controls_allow(const char *word, size_t len) {
    if (allowed == WORDS || len == 0 || len >= WORD_BYTES) return -1;
    memcpy(words[allowed], word, len);
    allowed++;
    return 0;
}

/* All of it: behind a NUL, which JSON can write, the host reads on. */
static int is_allowed(const char *word, size_t len) {
    for (int i = 0; i < allowed; i++)
        if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0) return 1;
    return 0;
}

/* One object, with nothing behind it. */
static int is_object(StJson json) {
    const char *end = json.at && json.at < json.end && *json.at == '{' ? st_json_skip(json.at, json.end) : NULL;
    return end && st_json_blank(end, json.end) == json.end;
}

int32_t st_controls_send(const char *text, size_t len, uint64_t *out_request) {
    StJson json, control;
    char word[WORD_BYTES];
    size_t word_len;
    uint64_t request;
    if (text == NULL || len > ST_CONTROL_BYTES) return ST_ERROR_INVALID_ARG;
    json = st_json((StStr){.ptr = text, .len = len});
    if (!is_object(json) || !st_json_member(json, "control", &control) || *control.at != '"') return ST_ERROR_INVALID_ARG;
    if (!st_json_string(control, word, sizeof word, &word_len) || !is_allowed(word, word_len)) return ST_ERROR_UNSUPPORTED;
    request = atomic_fetch_add_explicit(&last_request, 1, memory_order_relaxed) + 1;
    if (st_outbox_control(request, text, len) != 0) return ST_ERROR_INTERNAL;
    *out_request = request;
    return ST_OK;
}
