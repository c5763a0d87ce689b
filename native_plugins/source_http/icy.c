/*
 * icy.c: parts audio from metadata; emits {"type": "stream.title", ...}.
 */
#define _GNU_SOURCE

#include "icy.h"

#include <stellatune_tags.h>

#include "words.h"

void icy_begin(Icy *icy, int64_t metaint) {
    icy->metaint = metaint;
    icy->audio_left = metaint;
    icy->block_left = icy->block_len = 0;
}

static void tell(const char *title, uint64_t offset) {
    TagsJson event = tags_begin();
    char number[24];
    StStr text;
    StStatus status;
    size_t start;
    snprintf(number, sizeof number, "%llu", (unsigned long long)offset);
    tags_text(&event, "type", "stream.title", strlen("stream.title"));
    start = tags_open(&event, "title"); /* also where it is empty: the last one is over */
    tags_put(&event, "\"", 1);
    tags_put_escaped(&event, title, strlen(title));
    tags_put(&event, "\"", 1);
    tags_close(&event, start, "title");
    start = tags_open(&event, "offset");
    tags_put(&event, number, strlen(number));
    tags_close(&event, start, "offset");
    status = tags_finish(&event, &text);
    if (status.code == ST_OK) {
        status = st_emit_event(text);
        st_plugin_free((void *)text.ptr, text.len, 1);
    }
    st_plugin_free((void *)status.message.ptr, status.message.len, 1);
}

/* A title may hold apostrophes: it ends at the first one that a semicolon follows, or with the block. */
static void read_block(Icy *icy, uint64_t offset) {
    static const char name[] = "streamtitle='";
    const char *at = icy->block, *end = icy->block + strnlen(icy->block, icy->block_len), *last;
    char title[ICY_TITLE_BYTES];
    while (at < end && !words_begin(at, (size_t)(end - at), name)) at++;
    if (at == end) return;
    at += sizeof name - 1;
    for (last = at; last < end && !(last[0] == '\'' && (last + 1 == end || last[1] == ';')); last++) {}
    words_clean(at, (size_t)(last - at), title, sizeof title);
    if (strcmp(title, icy->title) == 0) return;
    memcpy(icy->title, title, sizeof title);
    tell(title, offset);
}

/* The bytes of `in` that belong to a block. */
static size_t take_block(Icy *icy, const uint8_t *in, size_t len, uint64_t offset) {
    size_t n = 0;
    if (icy->audio_left == 0) {
        icy->block_left = (size_t)*in * 16;
        icy->block_len = 0;
        icy->audio_left = -1;
        n = 1;
    }
    len = len - n < icy->block_left ? len - n : icy->block_left;
    memcpy(icy->block + icy->block_len, in + n, len);
    icy->block_len += len;
    icy->block_left -= len;
    if (icy->block_left == 0) {
        if (icy->block_len) read_block(icy, offset);
        icy->audio_left = icy->metaint;
    }
    return n + len;
}

size_t icy_take(Icy *icy, const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len, uint64_t offset, size_t *out_used) {
    size_t used = 0, n = 0;
    while (icy->metaint && used < in_len && icy->audio_left <= 0) used += take_block(icy, in + used, in_len - used, offset);
    n = in_len - used < out_len ? in_len - used : out_len;
    if (icy->metaint && n > (size_t)icy->audio_left) n = (size_t)icy->audio_left;
    memcpy(out, in + used, n);
    if (icy->metaint) icy->audio_left -= (int64_t)n;
    *out_used = used + n;
    return n;
}
