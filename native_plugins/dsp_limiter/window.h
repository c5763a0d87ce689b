/*
 * window.h: the least of the last so many values, each looked at about twice however long the window is.
 */
#ifndef LIMITER_WINDOW_H
#define LIMITER_WINDOW_H

#include <stdint.h>

typedef struct WindowEntry {
    uint32_t value;
    uint32_t frame; /* when it came; the difference to now counts, so it may wrap */
} WindowEntry;

/* Values that may still become the least, in the order in which they came; so each is greater than the one before it. */
typedef struct Window {
    WindowEntry *entries; /* a ring of `frames` */
    uint32_t frames;      /* length of the window */
    uint32_t first;
    uint32_t count;
    uint32_t now;
} Window;

/* Forgets all values. */
void window_clear(Window *window);

/* Takes the next value; says the least of the last `frames` values, this one among them. */
uint32_t window_push(Window *window, uint32_t value);

#endif
