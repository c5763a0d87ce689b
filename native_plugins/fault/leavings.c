/*
 * leavings.c: memory that nobody frees, a child that nobody waits for.
 */
#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kinds.h"

void strike_leak(double arg, const Site *site) {
    size_t bytes = (size_t)(arg * (1 << 20));
    char *lost = malloc(bytes);
    (void)site;
    if (lost) memset(lost, 1, bytes);
    __asm__ volatile("" : : "r"(lost) : "memory"); /* somebody might look: the compiler must not leave it out */
}

/* The child keeps every descriptor open; the alarm is for the machine's sake, should nobody end it. */
void strike_fork(double arg, const Site *site) {
    (void)site;
    if (fork() == 0) {
        alarm((unsigned)arg);
        for (;;) pause();
    }
}
