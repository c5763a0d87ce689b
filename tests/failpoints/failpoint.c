/*
 * failpoint.c: counts who comes by, and acts when a count is over.
 */
#include "failpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "failpoint_path.h"

static char plugin[64];
static st_failpoint_slot *_Atomic slots;

void st_failpoint_plugin(const char *plugin_id) { strncpy(plugin, plugin_id, sizeof plugin - 1); }

static void wait_ms(uint32_t ms) {
    struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0) continue;
}

/* Null where no test is: nothing then happens. Two threads may both map it; both maps serve. */
static st_failpoint_slot *mapped(void) {
    st_failpoint_slot *found = atomic_load(&slots);
    int fd;
    void *map;
    if (found) return found;
    fd = open(ST_FAILPOINT_PATH, O_RDWR | O_CLOEXEC);
    if (fd < 0) return NULL;
    map = mmap(NULL, ST_FAILPOINT_SLOTS * sizeof *found, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return NULL;
    atomic_store(&slots, map);
    return map;
}

/* Whether this hit is the one; only one thread of all processes is told so. */
static int is_due(st_failpoint_slot *slot) {
    uint64_t left = atomic_load(&slot->countdown);
    while (left > 0 && !atomic_compare_exchange_weak(&slot->countdown, &left, left == 1 ? slot->every : left - 1)) continue;
    return left == 1;
}

static void act(st_failpoint_slot *slot) {
    if (slot->action == ST_FAILPOINT_PAUSE) atomic_store(&slot->held, 1);
    atomic_fetch_add(&slot->fired, 1);
    switch (slot->action) {
    case ST_FAILPOINT_KILL: kill(getpid(), SIGKILL); break;
    case ST_FAILPOINT_STOP: kill(getpid(), SIGSTOP); break;
    case ST_FAILPOINT_DELAY: wait_ms(slot->delay_ms); break;
    case ST_FAILPOINT_PAUSE:
        while (atomic_load(&slot->held)) wait_ms(1);
        break;
    }
}

void st_failpoint(const char *place) {
    st_failpoint_slot *slot = mapped();
    for (int i = 0; slot && i < ST_FAILPOINT_SLOTS; i++, slot++) {
        if (strncmp(slot->place, place, sizeof slot->place) != 0) continue;
        if (slot->plugin[0] && strncmp(slot->plugin, plugin, sizeof slot->plugin) != 0) continue;
        atomic_fetch_add(&slot->hits, 1);
        if (is_due(slot)) act(slot);
    }
}
