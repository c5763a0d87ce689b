/*
 * scratch.h: private memory that plugins work in, its end right against a page nobody may touch.
 */
#ifndef ST_SHM_SCRATCH_H
#define ST_SHM_SCRATCH_H

#include <stddef.h>

typedef struct st_scratch {
    float *samples; /* 16-byte aligned when count is a multiple of 4; the sample behind the last one faults */
    size_t count;
    void *map;
    size_t map_bytes;
} st_scratch;

/*
 * Makes scratch for `count` samples, zeroed.
 * thread: any
 * realtime: no
 * owned: the memory is the scratch's until st_scratch_free
 * valid until: st_scratch_free
 * errors: -1 with errno
 */
int st_scratch_make(st_scratch *scratch, size_t count);

/*
 * Gives the memory back; twice is fine.
 * thread: any
 * realtime: no
 * owned: the memory is gone
 * valid until: return
 * errors: none
 */
void st_scratch_free(st_scratch *scratch);

#endif
