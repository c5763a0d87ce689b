/*
 * stellatune_base64.h: base64 (RFC 4648, section 4) to bytes and back. For plugins and for the runtime that reads them.
 */
#ifndef STELLATUNE_BASE64_H
#define STELLATUNE_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ST_BASE64_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define ST_BASE64_NONE 64

#if defined(__GNUC__)
#define ST_BASE64_UNUSED __attribute__((unused))
#else
#define ST_BASE64_UNUSED
#endif

/* Bytes of `len` digits into `out`, which has 3/4 of that; how many. What is no digit ends it. */
ST_BASE64_UNUSED static size_t st_base64_decode(const char *text, size_t len, uint8_t *out) {
    uint8_t value[256], digit[4];
    size_t at = 0, n = 0, i;
    memset(value, ST_BASE64_NONE, sizeof value);
    for (i = 0; i < 64; i++) value[(uint8_t)ST_BASE64_DIGITS[i]] = (uint8_t)i;
    for (; len - at >= 4; at += 4, n += 3) {
        for (i = 0; i < 4; i++) digit[i] = value[(uint8_t)text[at + i]];
        if ((digit[0] | digit[1] | digit[2] | digit[3]) & ST_BASE64_NONE) break;
        out[n] = (uint8_t)(digit[0] << 2 | digit[1] >> 4);
        out[n + 1] = (uint8_t)(digit[1] << 4 | digit[2] >> 2);
        out[n + 2] = (uint8_t)(digit[2] << 6 | digit[3]);
    }
    for (i = 0; i < 4 && at + i < len; i++) {
        digit[i] = value[(uint8_t)text[at + i]];
        if (digit[i] & ST_BASE64_NONE) break;
    }
    if (i > 1) out[n++] = (uint8_t)(digit[0] << 2 | digit[1] >> 4);
    if (i > 2) out[n++] = (uint8_t)(digit[1] << 4 | digit[2] >> 2);
    return n;
}

/* The digits of up to three bytes, filled up to four. */
ST_BASE64_UNUSED static void st_base64_group(const uint8_t *data, size_t left, char *out) {
    uint32_t group = (uint32_t)data[0] << 16;
    if (left > 1) group |= (uint32_t)data[1] << 8;
    if (left > 2) group |= data[2];
    out[0] = ST_BASE64_DIGITS[group >> 18];
    out[1] = ST_BASE64_DIGITS[group >> 12 & 63];
    out[2] = left > 1 ? ST_BASE64_DIGITS[group >> 6 & 63] : '=';
    out[3] = left > 2 ? ST_BASE64_DIGITS[group & 63] : '=';
}

#endif
