/*
 * wake.h: sleeping on a word of shared memory and waking who sleeps there.
 *
 * Futexes are shared between processes; deadlines are absolute moments of CLOCK_MONOTONIC, so that an interrupted wait
 * does not start anew.
 */
#ifndef ST_SHM_WAKE_H
#define ST_SHM_WAKE_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * Nanoseconds of CLOCK_MONOTONIC.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
int64_t st_now_ns(void);

/*
 * Sleeps while *word == seen, at most until deadline_ns; says 1 when that has passed. Returns at once when the word has
 * changed; may return early.
 * thread: any
 * realtime: yes (it is the wait itself)
 * owned: nothing
 * valid until: return
 * errors: none; the caller looks at its condition again
 */
int st_futex_wait(_Atomic uint32_t *word, uint32_t seen, int64_t deadline_ns);

/*
 * Wakes one sleeper of the word.
 * thread: any
 * realtime: yes (one system call)
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_futex_wake(_Atomic uint32_t *word);

#endif
