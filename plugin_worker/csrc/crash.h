/*
 * crash.h: the worker's last words. A fatal signal, or a plugin that calls exit, leaves a record in the status page and
 * rings the host before the kernel takes the process apart.
 *
 * Order in the handler: the record without its backtrace, the bell, the backtrace, then the default action of the same
 * signal. So whatever the unwinder does on a ruined stack costs the backtrace and nothing else. The first thread that
 * crashes writes; others wait for the end that it brings.
 */
#ifndef ST_WORKER_CRASH_H
#define ST_WORKER_CRASH_H

#include <stdint.h>

#include "status_page.h"

/*
 * Installs the handlers and loads the unwinder. `bell_fd` is an eventfd; without one (-1) the page alone tells.
 * thread: main, once
 * realtime: no
 * owned: the page is the process's for life; the descriptor stays the caller's
 * valid until: the process ends
 * errors: none
 */
void st_crash_install(st_status_page *page, int bell_fd);

/*
 * Gives the calling thread an alternate stack, so that it can tell of an overflow of its own, and takes it back before the
 * thread ends. `slot` is its status line, -1 for a thread that is no lane. Without memory the thread goes without.
 * thread: any of ours
 * realtime: no
 * owned: the stack is this file's until st_crash_leave
 * valid until: st_crash_leave
 * errors: none
 */
void st_crash_enter(int32_t slot);
void st_crash_leave(void);

/*
 * Puts back what the plugin may have replaced: handlers, and the calling thread's alternate stack when it is off.
 * thread: any of ours
 * realtime: no
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_crash_rearm(void);

#endif
