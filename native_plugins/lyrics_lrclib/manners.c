/*
 * manners.c: the turn, the spacing and the rest.
 */
#define _GNU_SOURCE

#include "manners.h"

#include <pthread.h>
#include <time.h>

#define USER_AGENT "StellaTune lyrics_lrclib/1.0.0"
#define MOST_BYTES ((size_t)4 << 20)
#define MOST_FAILURES 3
#define LONGEST_REST_S 3600u
#define LOOK_NS 20000000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER; /* held by the one request, and for all below */
static char server[BASE_URL_BYTES];
static uint64_t not_before_ns, rests_until_ns;
static unsigned failures;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void nap(uint64_t ns) {
    const struct timespec t = {0, (long)(ns < LOOK_NS ? ns : LOOK_NS)};
    nanosleep(&t, NULL);
}

static StStatus cancelled(void) { return (StStatus){.code = ST_ERROR_CANCELLED}; }

static int wait_for_turn(void) {
    while (pthread_mutex_trylock(&turn) != 0) {
        if (st_cancelled()) return 0;
        nap(LOOK_NS);
    }
    return 1;
}

static int wait_until(uint64_t ns) {
    for (uint64_t now; (now = now_ns()) < ns;) {
        if (st_cancelled()) return 0;
        nap(ns - now);
    }
    return 1;
}

static void rest(uint32_t seconds) {
    rests_until_ns = now_ns() + (uint64_t)seconds * NS_PER_S;
    failures = 0;
}

/* As the server asks for, within reason, else as the user has it. */
static void rest_as_told(const Settings *settings, const StHttpAnswer *answer) {
    uint32_t seconds = answer->retry_after_s;
    if (seconds == 0) seconds = settings->rest_s;
    else if (seconds > LONGEST_REST_S) seconds = LONGEST_REST_S;
    rest(seconds);
}

static void judge(const Settings *settings, StStatus status, const StHttpAnswer *answer) {
    long code = status.code == ST_OK ? answer->status : 0;
    if (status.code == ST_ERROR_CANCELLED) return;
    if (code == 429 || (code == 503 && answer->retry_after_s)) rest_as_told(settings, answer);
    else if (code >= 200 && code < 500) failures = 0;
    else if (++failures >= MOST_FAILURES) rest(settings->rest_s);
}

StStatus manners_get(const Settings *settings, const char *url, StHttpAnswer *out) {
    const StHttpRequest request = {
        .url = url, .user_agent = USER_AGENT, .timeout_ms = settings->timeout_ms, .max_bytes = MOST_BYTES};
    StStatus status;
    uint64_t now;
    memset(out, 0, sizeof *out);
    if (!wait_for_turn()) return cancelled();
    if (strcmp(server, settings->base_url) != 0) { /* what another one did does not count for this one */
        snprintf(server, sizeof server, "%s", settings->base_url);
        rests_until_ns = not_before_ns = failures = 0;
    }
    now = now_ns();
    if (now < rests_until_ns) {
        status = st_error(ST_ERROR_IO, "lrclib: %s is left alone for %llu s: it asked for that, or failed too often", server,
                          (unsigned long long)((rests_until_ns - now) / NS_PER_S + 1));
    } else if (!wait_until(not_before_ns)) {
        status = cancelled();
    } else {
        status = st_http_get(&request, out);
        not_before_ns = now_ns() + settings->spacing_ms * NS_PER_MS;
        judge(settings, status, out);
    }
    pthread_mutex_unlock(&turn);
    return status;
}
