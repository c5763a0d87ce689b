/*
 * crashes.c: ends of the process, each by the real thing and not by raise(3) where there is one.
 */
#define _GNU_SOURCE

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "kinds.h"

void strike_segv(double arg, const Site *site) {
    int *volatile nowhere = NULL;
    (void)arg, (void)site;
    *(volatile int *)nowhere = 1;
}

void strike_abort(double arg, const Site *site) {
    (void)arg, (void)site;
    abort();
}

void strike_ill(double arg, const Site *site) {
    (void)arg, (void)site;
#if defined(__x86_64__)
    __asm__ volatile("ud2");
#elif defined(__aarch64__)
    __asm__ volatile(".inst 0x00000000");
#else
    raise(SIGILL);
#endif
}

/* Where a division by zero gives no signal, the signal is raised. */
void strike_fpe(double arg, const Site *site) {
    volatile int one = 1, nothing = 0;
    (void)arg, (void)site;
    one = one / nothing;
    raise(SIGFPE);
}

static int deeper(volatile int *level) {
    volatile char frame[4096];
    volatile int next = *level + 1;
    frame[0] = frame[sizeof frame - 1] = (char)next;
    if (next < 0) return frame[0];
    return deeper(&next) + frame[0];
}

void strike_stack_overflow(double arg, const Site *site) {
    volatile int level = 0;
    (void)arg, (void)site;
    deeper(&level);
}

/* Writes over the length that the allocator keeps before the bytes, which free finds. */
void strike_heap_corruption(double arg, const Site *site) {
    size_t *volatile bytes = malloc(4096);
    (void)arg, (void)site;
    if (bytes == NULL) abort();
    ((volatile size_t *)bytes)[-1] = 1;
    free(bytes);
}

void strike_exit(double arg, const Site *site) {
    (void)site;
    exit((int)arg);
}

void strike_exit_at_once(double arg, const Site *site) {
    (void)site;
    _exit((int)arg);
}

static void *crash(void *nothing) {
    strike_segv(0, NULL);
    return nothing;
}

/* The call waits for a thread of the plugin's own, which crashes. */
void strike_raise_in_thread(double arg, const Site *site) {
    pthread_t thread;
    (void)arg, (void)site;
    if (pthread_create(&thread, NULL, crash, NULL) == 0) pthread_join(thread, NULL);
}

void strike_huge_alloc(double arg, const Site *site) {
    volatile char *bytes = malloc((size_t)(arg * (double)(1 << 30)));
    (void)site;
    bytes[0] = 1;
}
