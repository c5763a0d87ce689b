/*
 * status_page.h: what a worker tells about itself without a message - one page the host can read at any moment, even
 * after the worker's death.
 *
 * Every word has one writer: the control thread the header's, each lane its own line's. Readers take them as hints.
 */
#ifndef ST_SHM_STATUS_PAGE_H
#define ST_SHM_STATUS_PAGE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define ST_STATUS_MAGIC 0x53544c4153544154ull /* "STLASTAT" */
#define ST_STATUS_LANES 64u

/* Numbers of `call`: a vtable or module function in progress; 0 none. Names in shm_audio/status_page.py. */
typedef struct st_lane_status {
    _Alignas(64) _Atomic uint64_t instance; /* 0: the line is free */
    _Atomic uint32_t call;
    _Atomic uint32_t call_seq;              /* rises with every call begun */
    _Atomic int64_t began_ns;               /* CLOCK_MONOTONIC_COARSE when the last call began that no pump made */
    _Atomic uint64_t blocks;                /* moved by the pump */
    _Atomic uint64_t scrubbed_samples;      /* NaN or infinity replaced by zero */
    _Atomic uint64_t clipped_samples;       /* sink: beyond full scale */
    _Atomic uint64_t silence_frames;        /* sink: written while starved */
    _Atomic uint32_t xruns;                 /* sink: times it starved */
    _Atomic uint32_t queued_frames;         /* sink: accepted and not heard yet */
    _Atomic uint64_t failed_blocks;         /* dsp: passed on as they were, because process failed */
    uint64_t reserved[6];
} st_lane_status;

typedef struct st_status_page {
    uint64_t magic;
    uint32_t lanes;
    uint32_t reserved0;
    _Alignas(64) _Atomic uint64_t heartbeat; /* rises with every message the control thread handles */
    uint64_t reserved1[503];
    st_lane_status lane[ST_STATUS_LANES];
} st_status_page;

_Static_assert(sizeof(st_lane_status) == 128, "st_lane_status");
_Static_assert(offsetof(st_status_page, lane) == 4096, "lanes begin on the second page");
_Static_assert(sizeof(st_status_page) == 3 * 4096, "st_status_page");

#endif
