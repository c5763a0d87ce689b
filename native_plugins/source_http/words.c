/*
 * words.c: decides how a text is written, and writes it as UTF-8.
 */
#include "words.h"

#include <stellatune_tags.h>

/* Windows-1252 from 0x80 to 0x9F; what it leaves open are the control characters of Latin-1. */
static const uint16_t FROM_1252[32] = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
    0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,
};

static int is_utf8(const unsigned char *p, size_t len) {
    const unsigned char *end = p + len;
    while (p < end) {
        size_t n = tags_utf8_length(p, (size_t)(end - p));
        if (n == 0) return 0;
        p += n;
    }
    return 1;
}

/* The character at p, and how many bytes it is written with. */
static uint32_t character(const unsigned char *p, size_t left, int utf8, size_t *out_len) {
    uint32_t code = *p;
    *out_len = utf8 ? tags_utf8_length(p, left) : 1;
    if (!utf8) return code >= 0x80 && code < 0xA0 ? FROM_1252[code - 0x80] : code;
    if (*out_len > 1) code &= 0x7Fu >> *out_len;
    for (size_t i = 1; i < *out_len; i++) code = code << 6 | (p[i] & 0x3Fu);
    return code;
}

static size_t encode(uint32_t code, char bytes[4]) {
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, code >>= 6) bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(marks[n == 1 ? 0 : n] | code);
    return n;
}

size_t words_clean(const char *text, size_t len, char *out, size_t capacity) {
    const unsigned char *p = (const unsigned char *)text, *end = p + len;
    int utf8 = is_utf8(p, len), blank = 0;
    size_t n = 0;
    while (p < end) {
        char bytes[4];
        size_t taken, count;
        uint32_t code = character(p, (size_t)(end - p), utf8, &taken);
        p += taken;
        if (code <= 0x20 || (code >= 0x7F && code <= 0xA0)) {
            blank = n > 0;
            continue;
        }
        count = encode(code, bytes);
        if (n + (size_t)blank + count >= capacity) break;
        if (blank) out[n++] = ' ';
        blank = 0;
        memcpy(out + n, bytes, count);
        n += count;
    }
    out[n] = '\0';
    return n;
}

int words_begin(const char *text, size_t len, const char *prefix) {
    size_t i;
    for (i = 0; prefix[i]; i++) {
        char c = i < len ? text[i] : '\0';
        if (c >= 'A' && c <= 'Z') c = (char)(c + 'a' - 'A');
        if (c != prefix[i]) return 0;
    }
    return 1;
}

void words_trim(const char **text, size_t *len) {
    while (*len && (unsigned char)**text <= ' ') ++*text, --*len;
    while (*len && (unsigned char)(*text)[*len - 1] <= ' ') --*len;
}
