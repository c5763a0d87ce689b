/*
 * stalls.c: calls that do not come back in time, and processes that do not end when asked.
 */
#define _GNU_SOURCE

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "kinds.h"

static _Atomic int refuses_to_end;

void strike_spin(double arg, const Site *site) {
    volatile uint64_t turns = 0;
    (void)arg, (void)site;
    for (;;) turns++;
}

void strike_deadlock(double arg, const Site *site) {
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    (void)arg, (void)site;
    pthread_mutex_lock(&lock);
    pthread_mutex_lock(&lock);
}

void strike_slow(double arg, const Site *site) {
    struct timespec left = {(time_t)(arg / 1000), 0};
    left.tv_nsec = (long)((arg - (double)left.tv_sec * 1000) * 1e6);
    (void)site;
    while (nanosleep(&left, &left) != 0) continue;
}

void strike_stop_self(double arg, const Site *site) {
    (void)arg, (void)site;
    raise(SIGSTOP); /* all of it, and this thread not a step further */
}

static void never_end(void) {
    for (;;) pause();
}

void strike_ignore_shutdown(double arg, const Site *site) {
    (void)arg, (void)site;
    if (!atomic_exchange(&refuses_to_end, 1)) atexit(never_end);
}

void strike_block_sigterm(double arg, const Site *site) {
    signal(SIGTERM, SIG_IGN);
    strike_ignore_shutdown(arg, site);
}

int stalls_at_shutdown(void) { return atomic_load(&refuses_to_end); }
