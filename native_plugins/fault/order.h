/*
 * order.h: which fault is wanted, when, and how often: the object `fault` of a configuration, a media text or an imprint.
 *
 *     {"kind": "segv", "phase": "process", "at_call": 3, "calls": 1, "generations": 2, "arg": 0, "marks": "/some/folder"}
 *
 * At the at_call-th call of the phase, and in the `calls` - 1 after it, the fault is struck - if fewer than `generations`
 * times it was marked in the folder before, by this process or another.
 */
#ifndef FAULT_ORDER_H
#define FAULT_ORDER_H

#include <stellatune_sdk.h>

#include "kinds.h"

#define ORDER_PATH_BYTES 4096

typedef struct Order {
    const Kind *kind; /* null: nothing is ordered */
    Phase phase;
    uint32_t at_call;     /* from 1 */
    uint32_t calls;       /* in a row, one mark for all */
    uint32_t generations; /* marks there may be */
    double arg;
    char marks[ORDER_PATH_BYTES];
} Order;

/* An absent object orders nothing. Refuses unknown words and what cannot happen in that phase or among `phases`. */
StStatus order_parse(StJson object, uint32_t phases, Order *out);

#endif
