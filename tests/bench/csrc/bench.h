/*
 * bench.h: what every reference and driver of the benchmarks needs - arguments, placement, periods, samples out.
 *
 * A program of this folder prints its nanoseconds to stdout as raw uint64_t; everything else it has to say is an error.
 */
#ifndef STELLATUNE_BENCH_H
#define STELLATUNE_BENCH_H

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_FIFO_PRIORITY 70

static inline void bench_die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(1);
}

static inline long bench_number(const char *text) {
    char *end;
    long value = strtol(text, &end, 10);
    errno = EINVAL;
    if (end == text || *end != '\0') bench_die(text);
    errno = 0;
    return value;
}

static inline uint64_t bench_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* On one core (a negative one: wherever the scheduler likes), with SCHED_FIFO when asked for. */
static inline void bench_place(int core, int fifo) {
    if (core >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)core, &set);
        if (sched_setaffinity(0, sizeof set, &set) != 0) bench_die("sched_setaffinity");
    }
    if (fifo) {
        struct sched_param param = {.sched_priority = BENCH_FIFO_PRIORITY};
        if (sched_setscheduler(0, SCHED_FIFO, &param) != 0) bench_die("SCHED_FIFO");
    }
}

/* Sleeps until the next beat of a period; a beat that was missed is left out, so that a late block delays no other. */
static inline void bench_next_beat(uint64_t *beat_ns, uint64_t period_ns) {
    struct timespec t;
    uint64_t now = bench_now_ns();
    do *beat_ns += period_ns;
    while (*beat_ns <= now);
    t.tv_sec = (time_t)(*beat_ns / 1000000000u);
    t.tv_nsec = (long)(*beat_ns % 1000000000u);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) continue;
}

static inline void bench_emit(const uint64_t *samples, size_t count) {
    if (fwrite(samples, sizeof *samples, count, stdout) != count || fflush(stdout) != 0) bench_die("stdout");
}

#endif
