/*
 * encoding.c: told by a mark for the byte order, or by what the bytes can be.
 */
#include "encoding.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <stellatune_tags.h>

static int begins_with(const char *bytes, size_t len, const char *mark, size_t mark_len) {
    return len >= mark_len && memcmp(bytes, mark, mark_len) == 0;
}

static int is_utf16(const char *bytes, size_t len) {
    return begins_with(bytes, len, "\xFF\xFE", 2) || begins_with(bytes, len, "\xFE\xFF", 2);
}

static int is_utf8(const char *bytes, size_t len) {
    const unsigned char *p = (const unsigned char *)bytes, *end = p + len;
    while (p < end) {
        size_t n = tags_utf8_length(p, (size_t)(end - p));
        if (n == 0) return 0;
        p += n;
    }
    return 1;
}

/* Up to four bytes. */
static char *put(char *out, uint32_t code) {
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xE0 | code >> 12);
        } else {
            *out++ = (char)(0xF0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    }
    *out++ = (char)(0x80 | (code & 0x3F));
    return out;
}

static uint32_t unit(const unsigned char *p, int big) { return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0]; }

static char *from_utf16(char *out, const unsigned char *p, size_t units, int big) {
    for (size_t i = 0; i < units; i++) {
        uint32_t code = unit(p + 2 * i, big), low = i + 1 < units ? unit(p + 2 * i + 2, big) : 0;
        if (code >= 0xD800 && code < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            i++;
        } else if (code >= 0xD800 && code < 0xE000) {
            code = 0xFFFD;
        }
        out = put(out, code);
    }
    return out;
}

int encoding_is_binary(const char *bytes, size_t len) {
    return !is_utf16(bytes, len) && memchr(bytes, 0, len) != NULL;
}

char *encoding_to_utf8(const char *bytes, size_t len, size_t *out_len) {
    char *text = malloc(len * 2 + 1), *end = text; /* a byte of Latin-1 becomes two, a unit of UTF-16 at most three */
    if (text == NULL) return NULL;
    if (is_utf16(bytes, len)) {
        end = from_utf16(end, (const unsigned char *)bytes + 2, (len - 2) / 2, bytes[0] == '\xFE');
    } else if (is_utf8(bytes, len)) {
        size_t mark = begins_with(bytes, len, "\xEF\xBB\xBF", 3) ? 3 : 0;
        memcpy(text, bytes + mark, len - mark);
        end += len - mark;
    } else {
        for (size_t i = 0; i < len; i++) end = put(end, (unsigned char)bytes[i]);
    }
    *out_len = (size_t)(end - text);
    return text;
}
