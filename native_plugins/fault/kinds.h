/*
 * kinds.h: everything a plugin can do wrong, by name; each kind really does it to its own process.
 *
 * A kind is struck inside a call into the plugin. Those that spoil the call's result find it in a Site.
 */
#ifndef FAULT_KINDS_H
#define FAULT_KINDS_H

#include <stdint.h>

#include "phase.h"

/* What the call in progress was given; null where it has no such thing. */
typedef struct Site {
    float *samples; /* frames * channels, in the worker's scratch */
    uint32_t frames;
    uint32_t channels;
    uint32_t *count;  /* frames given or accepted */
    uint64_t *landed; /* where a seek went */
} Site;

typedef struct Kind {
    const char *name;
    uint32_t phases;  /* where it can happen, as PHASE_BITs */
    double usual_arg; /* when the order says none */
    void (*strike)(double arg, const Site *site);
} Kind;

/* Null when there is none of that name. */
const Kind *kind_find(const char *name);

/* crashes.c: the process ends, by a signal or by its own will. */
void strike_segv(double arg, const Site *site);
void strike_abort(double arg, const Site *site);
void strike_ill(double arg, const Site *site);
void strike_fpe(double arg, const Site *site);
void strike_stack_overflow(double arg, const Site *site);
void strike_heap_corruption(double arg, const Site *site);
void strike_exit(double arg, const Site *site);          /* arg: the status */
void strike_exit_at_once(double arg, const Site *site);  /* arg: the status */
void strike_raise_in_thread(double arg, const Site *site);
void strike_huge_alloc(double arg, const Site *site);    /* arg: GiB; what malloc gave is used unlooked at */

/* stalls.c: the call, or the process, takes too long or does not end. */
void strike_spin(double arg, const Site *site);
void strike_deadlock(double arg, const Site *site);
void strike_slow(double arg, const Site *site);          /* arg: ms that the call takes longer */
void strike_stop_self(double arg, const Site *site);
void strike_ignore_shutdown(double arg, const Site *site);
void strike_block_sigterm(double arg, const Site *site); /* ignores shutdown as well */
int stalls_at_shutdown(void);                            /* whether one of these two was struck */

/* spoilt_audio.c: the result of the call is wrong, or lies where it must not. */
void strike_nan(double arg, const Site *site);
void strike_inf(double arg, const Site *site);
void strike_loud(double arg, const Site *site);          /* arg: the amplitude */
void strike_wrong_frames(double arg, const Site *site);  /* arg: how many too many */
void strike_overrun_write(double arg, const Site *site); /* arg: samples behind the end */
void strike_underrun_write(double arg, const Site *site);/* arg: samples before the start */

/* shared_memory.c: what the worker shares with others is damaged. */
void strike_corrupt_ring(double arg, const Site *site);
void strike_truncate_segment(double arg, const Site *site);

/* channels.c: what the worker talks through is damaged or flooded. */
void strike_close_fds(double arg, const Site *site);
void strike_garbage_packet(double arg, const Site *site); /* arg: bytes */
void strike_huge_packet(double arg, const Site *site);    /* arg: bytes */
void strike_deep_packet(double arg, const Site *site);    /* arg: levels */
void strike_event_flood(double arg, const Site *site);    /* arg: events */
void strike_stderr_flood(double arg, const Site *site);   /* arg: MiB */

/* leavings.c: something stays behind. */
void strike_leak(double arg, const Site *site);           /* arg: MiB */
void strike_fork(double arg, const Site *site);           /* arg: s until the child ends by itself */

#endif
