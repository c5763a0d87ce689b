/*
 * wake.c: the two futex calls and the clock they are measured by.
 */
#include "wake.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ll

int64_t st_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Without the C library's stub where that is easy: its code, its table of addresses and errno are pages of their own, and
   what a hop touches after a switch between processes is what a hop costs. */
static long futex(_Atomic uint32_t *word, int operation, uint32_t value, const struct timespec *deadline) {
#if defined(__x86_64__)
    long result;
    register const struct timespec *timeout __asm__("r10") = deadline;
    register long second __asm__("r8") = 0;
    register long mask __asm__("r9") = FUTEX_BITSET_MATCH_ANY;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_futex), "D"(word), "S"((long)operation), "d"((unsigned long)value), "r"(timeout),
                       "r"(second), "r"(mask)
                     : "rcx", "r11", "memory");
    return result;
#else
    long result = syscall(SYS_futex, (uint32_t *)word, operation, value, deadline, NULL, FUTEX_BITSET_MATCH_ANY);
    return result < 0 ? -errno : result;
#endif
}

int st_futex_wait(_Atomic uint32_t *word, uint32_t seen, int64_t deadline_ns) {
    struct timespec t = {.tv_sec = deadline_ns / NS_PER_S, .tv_nsec = deadline_ns % NS_PER_S};
    return futex(word, FUTEX_WAIT_BITSET, seen, &t) == -ETIMEDOUT;
}

void st_futex_wake(_Atomic uint32_t *word) { futex(word, FUTEX_WAKE, 1, NULL); }
