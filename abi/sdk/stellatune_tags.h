/*
 * stellatune_tags.h: writes a JSON object of texts, as get_metadata_json_utf8 and others give one.
 *
 * For plugins. Texts come from hostile files: bytes that are not UTF-8 become U+FFFD, control characters are
 * escaped, and what would take the object over its limit is left out whole and logged.
 *
 *     TagsJson tags = tags_begin();
 *     tags_text(&tags, "title", text, len);
 *     return tags_finish(&tags, out);
 */
#ifndef STELLATUNE_TAGS_H
#define STELLATUNE_TAGS_H

#include "stellatune_sdk.h"

/* A cover of the size that is allowed fits in, as base64. */
#define TAGS_LIMIT_BYTES ((size_t)18 << 20)

typedef struct TagsJson {
    char *text;
    size_t len;
    size_t capacity;
    int refused; /* the member in progress does not fit */
} TagsJson;

ST_SDK_UNUSED static void tags_put(TagsJson *tags, const char *bytes, size_t n) {
    if (tags->refused || n > TAGS_LIMIT_BYTES - 1 - tags->len) {
        tags->refused = 1;
        return;
    }
    if (tags->capacity - tags->len < n) {
        size_t capacity = (tags->len + n) * 2;
        char *grown = (char *)realloc(tags->text, capacity);
        if (grown == NULL) {
            tags->refused = 1;
            return;
        }
        tags->text = grown;
        tags->capacity = capacity;
    }
    memcpy(tags->text + tags->len, bytes, n);
    tags->len += n;
}

/* Length of the UTF-8 sequence at p (RFC 3629: no overlong forms, no surrogates); 0 when there is none. */
ST_SDK_UNUSED static size_t tags_utf8_length(const unsigned char *p, size_t left) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
    uint32_t code;
    size_t i;
    if (n == 0 || n > left) return 0;
    if (n == 1) return 1;
    code = *p & (0x7Fu >> n);
    for (i = 1; i < n; i++) {
        if (p[i] >> 6 != 2) return 0;
        code = code << 6 | (p[i] & 0x3Fu);
    }
    return code < least[n] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0 : n;
}

ST_SDK_UNUSED static void tags_put_escaped(TagsJson *tags, const char *text, size_t len) {
    const unsigned char *p = (const unsigned char *)text, *end = p + len;
    while (p < end && !tags->refused) {
        size_t n = tags_utf8_length(p, (size_t)(end - p));
        if (n == 0) {
            tags_put(tags, "\xEF\xBF\xBD", 3);
            p++;
        } else if (*p == '"' || *p == '\\' || *p < 0x20 || *p == 0x7F) {
            char escape[8];
            int written = snprintf(escape, sizeof escape, "\\u%04x", *p);
            tags_put(tags, escape, (size_t)written);
            p++;
        } else {
            tags_put(tags, (const char *)p, n);
            p += n;
        }
    }
}

ST_SDK_UNUSED static TagsJson tags_begin(void) {
    TagsJson tags;
    memset(&tags, 0, sizeof tags);
    tags_put(&tags, "{", 1);
    return tags;
}

/* Begins a member and says where, for tags_close. Names are written as they are. */
ST_SDK_UNUSED static size_t tags_open(TagsJson *tags, const char *name) {
    size_t start = tags->len;
    tags->refused = tags->text == NULL;
    if (start > 1) tags_put(tags, ",", 1);
    tags_put(tags, "\"", 1);
    tags_put(tags, name, strlen(name));
    tags_put(tags, "\":", 2);
    return start;
}

/* Ends a member; one that did not fit is taken out again. */
ST_SDK_UNUSED static void tags_close(TagsJson *tags, size_t start, const char *name) {
    if (!tags->refused) return;
    tags->len = start;
    tags->refused = 0;
    st_log(ST_LOG_WARN, "tag %s left out: all of them together exceed %zu bytes", name, TAGS_LIMIT_BYTES);
}

/* Adds a text member; an empty text adds nothing. */
ST_SDK_UNUSED static void tags_text(TagsJson *tags, const char *name, const char *text, size_t len) {
    size_t start;
    if (len == 0) return;
    start = tags_open(tags, name);
    tags_put(tags, "\"", 1);
    tags_put_escaped(tags, text, len);
    tags_put(tags, "\"", 1);
    tags_close(tags, start, name);
}

/* Hands the object over, to be freed with st_plugin_free. */
ST_SDK_UNUSED static StStatus tags_finish(TagsJson *tags, StStr *out) {
    tags->refused = tags->text == NULL;
    tags_put(tags, "}", 1);
    if (tags->refused) {
        free(tags->text);
        return st_error(ST_ERROR_INTERNAL, "no memory for the tags of this file");
    }
    out->ptr = tags->text;
    out->len = tags->len;
    return st_ok();
}

#endif
