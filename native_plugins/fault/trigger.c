/*
 * trigger.c: counting, marking, striking.
 */
#define _GNU_SOURCE

#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "imprint.h"

static const Site NOTHING;
static _Atomic uint32_t instances;

/* The process's own orders: the imprint's, and the one that a configuration gave for the shutdown. */
static Order at_shutdown;
static pthread_mutex_t at_shutdown_lock = PTHREAD_MUTEX_INITIALIZER;

StStatus trigger_set_later(Trigger *trigger, StJson order, uint32_t phases) {
    StStatus parsed;
    if (trigger->order.kind != NULL) return st_ok();
    parsed = order_parse(order, phases, &trigger->order);
    if (parsed.code == ST_OK && trigger->order.kind && trigger->order.phase == PHASE_SHUTDOWN) {
        pthread_mutex_lock(&at_shutdown_lock);
        at_shutdown = trigger->order;
        pthread_mutex_unlock(&at_shutdown_lock);
    }
    return parsed;
}

/* Of the configuration, or else of the imprint. */
static StStatus set_order(Trigger *trigger, StStr config, uint32_t phases) {
    StJson order = {NULL, NULL};
    StStatus parsed;
    st_json_member(st_json(config), "fault", &order);
    parsed = trigger_set_later(trigger, order, phases | PHASE_BIT(PHASE_SHUTDOWN));
    trigger->by_config = trigger->order.kind != NULL;
    if (parsed.code != ST_OK || trigger->by_config) return parsed;
    return order_parse(imprint(), ALL_PHASES, &trigger->order);
}

StStatus trigger_set(Trigger *trigger, StStr config, uint32_t phases) {
    memset(trigger, 0, sizeof *trigger);
    trigger->instance = atomic_fetch_add(&instances, 1) + 1;
    return set_order(trigger, config, phases);
}

StStatus trigger_renew(Trigger *trigger, StStr config, uint32_t phases) {
    Trigger renewed = {.instance = trigger->instance};
    StJson order;
    StStatus parsed;
    if (!st_json_member(st_json(config), "fault", &order) && !trigger->by_config) return st_ok();
    parsed = set_order(&renewed, config, phases);
    if (parsed.code == ST_OK) *trigger = renewed;
    return parsed;
}

/* The first free number below `generations` is this strike's; 0 when all are taken. */
static int mark(const Order *order, const char *line, size_t len) {
    char path[ORDER_PATH_BYTES + 32];
    for (uint32_t n = 0; n < order->generations; n++) {
        int fd;
        snprintf(path, sizeof path, "%s/fired-%u", order->marks, n);
        fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0 && errno == EEXIST) continue;
        if (fd < 0) {
            dprintf(2, "fault: %s cannot be made (%s): nothing is struck\n", path, strerror(errno));
            return 0;
        }
        if (write(fd, line, len) < 0) dprintf(2, "fault: %s cannot be written (%s)\n", path, strerror(errno));
        close(fd);
        return 1;
    }
    return 0;
}

static void strike(const Order *order, uint32_t call, uint32_t instance, uint32_t *strikes_left, const Site *site) {
    char line[128];
    int len = snprintf(line, sizeof line, "fault: %s in %s call %u of instance %u\n", order->kind->name,
                       phase_names[order->phase], call, instance);
    if (call == order->at_call && mark(order, line, (size_t)len)) {
        *strikes_left = order->calls;
        if (write(2, line, (size_t)len) < 0) *strikes_left = order->calls; /* told by the mark alone */
    }
    if (*strikes_left == 0) return;
    --*strikes_left;
    order->kind->strike(order->arg, site ? site : &NOTHING);
}

void trigger_call(Trigger *trigger, Phase phase, const Site *site) {
    if (trigger->order.kind == NULL || trigger->order.phase != phase) return;
    trigger->seen = phase == PHASE_CREATE ? trigger->instance : trigger->seen + 1;
    strike(&trigger->order, trigger->seen, trigger->instance, &trigger->strikes_left, site);
}

void trigger_module_call(Phase phase) {
    uint32_t strikes_left = 0;
    Order order;
    StStatus parsed = order_parse(imprint(), ALL_PHASES, &order);
    if (parsed.code != ST_OK) {
        dprintf(2, "%.*s\n", (int)parsed.message.len, parsed.message.ptr ? parsed.message.ptr : "");
        free((void *)parsed.message.ptr);
    }
    pthread_mutex_lock(&at_shutdown_lock);
    if (phase == PHASE_SHUTDOWN && at_shutdown.kind != NULL) order = at_shutdown;
    pthread_mutex_unlock(&at_shutdown_lock);
    if (order.kind != NULL && order.phase == phase) strike(&order, 1, 0, &strikes_left, NULL);
}
