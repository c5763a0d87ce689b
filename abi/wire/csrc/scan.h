/*
 * scan.h: looks through a msgpack packet before any object is built from it.
 */
#ifndef ST_WIRE_SCAN_H
#define ST_WIRE_SCAN_H

#include <stddef.h>
#include <stdint.h>

typedef enum st_scan_result {
    ST_SCAN_OK = 0,
    ST_SCAN_TRUNCATED = 1, /* a length reaches beyond the packet */
    ST_SCAN_DEPTH = 2,     /* nested too deep */
    ST_SCAN_ITEMS = 3,     /* too many items */
    ST_SCAN_TYPE = 4,      /* a map, an extension, or a byte that begins nothing: not part of this wire */
    ST_SCAN_TRAILING = 5,  /* bytes behind the one value */
    ST_SCAN_FLOAT = 6      /* NaN or infinity */
} st_scan_result;

/*
 * Checks that `data` is exactly one msgpack value made of nil, bool, integers, finite floats, strings, bytes and arrays,
 * nested at most `max_depth` deep with at most `max_items` values in all. Text is not checked for UTF-8.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: the result
 */
st_scan_result st_wire_scan(const uint8_t *data, size_t len, uint32_t max_depth, uint32_t max_items);

#endif
