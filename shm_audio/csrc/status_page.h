/*
 * status_page.h: what a worker tells about itself without a message - one page the host can read at any moment, even
 * after the worker's death.
 *
 * Every word has one writer: the control thread the header's, each lane its own line's, the first thread that crashes the
 * crash record's. Readers take them as hints.
 */
#ifndef ST_SHM_STATUS_PAGE_H
#define ST_SHM_STATUS_PAGE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define ST_STATUS_MAGIC 0x53544c4153544154ull /* "STLASTAT" */
#define ST_STATUS_LANES 64u
#define ST_CRASH_FRAMES 48u

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
    _Atomic uint64_t timed_calls;           /* read, process and write: of one in so many the time is taken, */
    _Atomic uint64_t timed_ns;              /* and this is the sum of it */
    uint64_t reserved[4];
} st_lane_status;

typedef enum st_crash_stage { ST_CRASH_NONE = 0, ST_CRASH_TOLD = 1, ST_CRASH_TRACED = 2 } st_crash_stage;

/* Written by the handler of a fatal signal. The stage is stored last, for what stands before it and for the frames. */
typedef struct st_crash_record {
    _Alignas(64) _Atomic uint32_t stage;
    int32_t signal; /* 0: the plugin called exit */
    int32_t si_code;
    int32_t sender;  /* process that sent the signal, 0 when the processor or the kernel raised it */
    int32_t slot;    /* status line of the lane that crashed, -1: a thread that is no lane */
    uint32_t frames; /* used of `frame`, innermost first */
    uint64_t address;
    uint64_t stack; /* stack pointer at the crash */
    uint64_t frame[ST_CRASH_FRAMES];
} st_crash_record;

typedef struct st_status_page {
    uint64_t magic;
    uint32_t lanes;
    uint32_t reserved0;
    _Alignas(64) _Atomic uint64_t heartbeat; /* rises with every message the control thread handles */
    uint64_t reserved1[7];
    st_crash_record crash;
    uint64_t reserved2[440];
    st_lane_status lane[ST_STATUS_LANES];
} st_status_page;

_Static_assert(sizeof(st_lane_status) == 128, "st_lane_status");
_Static_assert(offsetof(st_status_page, crash) == 128, "the crash record has lines of its own");
_Static_assert(offsetof(st_status_page, lane) == 4096, "lanes begin on the second page");
_Static_assert(sizeof(st_status_page) == 3 * 4096, "st_status_page");

#endif
