/*
 * imprint.h: an order written into a copy of this library's file, for what happens before any configuration is there.
 *
 * The file holds the words of IMPRINT_MARKER once; behind them is room for the text of an order, ended by a zero byte. A
 * fresh library holds none. An imprint holds for every instance that has no order of its own.
 */
#ifndef FAULT_IMPRINT_H
#define FAULT_IMPRINT_H

#include <stellatune_sdk.h>

#define IMPRINT_MARKER "stellatune fault imprint:"

/* The order's text; without `at` when there is none. Valid for the life of the library. */
StJson imprint(void);

#endif
