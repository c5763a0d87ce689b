/*
 * failpoint.h: named places in a test build of the worker where a test can make it die, stop, wait or be late.
 *
 * The product has none of this: tests/support/failpoints.py puts the calls into a copy of the sources and builds that. A
 * test arms places through a file that both sides map, whose path is compiled in; counts hold across all processes.
 */
#ifndef ST_TEST_FAILPOINT_H
#define ST_TEST_FAILPOINT_H

#include <stdatomic.h>
#include <stdint.h>

#define ST_FAILPOINT_SLOTS 16

enum { ST_FAILPOINT_KILL = 1, ST_FAILPOINT_STOP = 2, ST_FAILPOINT_PAUSE = 3, ST_FAILPOINT_DELAY = 4 };

/* One order. Written by the test while countdown is 0, which means off; `place` and `plugin` end with a zero byte. */
typedef struct st_failpoint_slot {
    char place[32];
    char plugin[64];            /* empty: in workers of any */
    _Atomic uint64_t hits;      /* times that a worker came by */
    _Atomic uint64_t countdown; /* acts at the hit that makes it 0 */
    uint64_t every;             /* then begins again here; 0: off */
    _Atomic uint64_t fired;
    uint32_t action;
    uint32_t delay_ms;
    _Atomic uint32_t held;      /* PAUSE lasts until the test clears it */
    uint32_t reserved[9];
} st_failpoint_slot;

_Static_assert(sizeof(st_failpoint_slot) == 176, "tests/support/failpoints.py packs it");

/* Names this process's plugin, once. */
void st_failpoint_plugin(const char *plugin_id);

/* Comes by a place. */
void st_failpoint(const char *place);

#endif
