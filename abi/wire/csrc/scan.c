/*
 * scan.c: one pass over a msgpack packet, no recursion, no allocation.
 */
#include "scan.h"

#include <math.h>
#include <string.h>

#define ST_SCAN_STACK 32

static uint64_t big_endian(const uint8_t *p, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) value = value << 8 | p[i];
    return value;
}

static int is_finite_float(const uint8_t *p, size_t bytes) {
    if (bytes == 4) {
        uint32_t bits = (uint32_t)big_endian(p, 4);
        float value;
        memcpy(&value, &bits, sizeof value);
        return isfinite(value);
    }
    uint64_t bits = big_endian(p, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return isfinite(value);
}

/* What one head byte announces: bytes of a length field, fixed payload bytes, or items of an array. */
typedef struct head {
    enum { HEAD_PLAIN, HEAD_FLOAT, HEAD_BYTES, HEAD_ARRAY, HEAD_REFUSED } kind;
    uint64_t size;     /* payload bytes, or items, where the head itself says so */
    size_t length_len; /* bytes of the length field that follows otherwise */
} head;

static head read_head(uint8_t b) {
    if (b <= 0x7f || b >= 0xe0) return (head){HEAD_PLAIN, 0, 0};
    if (b >= 0x90 && b <= 0x9f) return (head){HEAD_ARRAY, b & 0x0fu, 0};
    if (b >= 0xa0 && b <= 0xbf) return (head){HEAD_BYTES, b & 0x1fu, 0};
    switch (b) {
    case 0xc0: case 0xc2: case 0xc3: return (head){HEAD_PLAIN, 0, 0};
    case 0xc4: case 0xd9: return (head){HEAD_BYTES, 0, 1};
    case 0xc5: case 0xda: return (head){HEAD_BYTES, 0, 2};
    case 0xc6: case 0xdb: return (head){HEAD_BYTES, 0, 4};
    case 0xca: return (head){HEAD_FLOAT, 4, 0};
    case 0xcb: return (head){HEAD_FLOAT, 8, 0};
    case 0xcc: case 0xd0: return (head){HEAD_PLAIN, 1, 0};
    case 0xcd: case 0xd1: return (head){HEAD_PLAIN, 2, 0};
    case 0xce: case 0xd2: return (head){HEAD_PLAIN, 4, 0};
    case 0xcf: case 0xd3: return (head){HEAD_PLAIN, 8, 0};
    case 0xdc: return (head){HEAD_ARRAY, 0, 2};
    case 0xdd: return (head){HEAD_ARRAY, 0, 4};
    default: return (head){HEAD_REFUSED, 0, 0};
    }
}

st_scan_result st_wire_scan(const uint8_t *data, size_t len, uint32_t max_depth, uint32_t max_items) {
    uint64_t left[ST_SCAN_STACK]; /* values still to come, per open array */
    uint32_t depth = 0;
    uint64_t items = 0;
    size_t at = 0;
    if (max_depth > ST_SCAN_STACK - 1) max_depth = ST_SCAN_STACK - 1;
    left[0] = 1;
    for (;;) {
        while (left[depth] == 0) {
            if (depth == 0) return at == len ? ST_SCAN_OK : ST_SCAN_TRAILING;
            depth--;
        }
        left[depth]--;
        if (++items > max_items) return ST_SCAN_ITEMS;
        if (at >= len) return ST_SCAN_TRUNCATED;
        head h = read_head(data[at++]);
        if (h.kind == HEAD_REFUSED) return ST_SCAN_TYPE;
        if (h.length_len > 0) {
            if (len - at < h.length_len) return ST_SCAN_TRUNCATED;
            h.size = big_endian(data + at, h.length_len);
            at += h.length_len;
        }
        if (h.kind == HEAD_ARRAY) {
            if (h.size > max_items - items) return ST_SCAN_ITEMS;
            if (depth >= max_depth) return ST_SCAN_DEPTH;
            left[++depth] = h.size;
        } else {
            if (h.size > len - at) return ST_SCAN_TRUNCATED;
            if (h.kind == HEAD_FLOAT && !is_finite_float(data + at, (size_t)h.size)) return ST_SCAN_FLOAT;
            at += (size_t)h.size;
        }
    }
}
