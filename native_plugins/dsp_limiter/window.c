/*
 * window.c: a monotonic queue of fixed size.
 *
 * Source: D. Lemire, "Streaming maximum-minimum filter using no more than three comparisons per element" (2006).
 */
#include "window.h"

static WindowEntry *entry_at(const Window *w, uint32_t place) {
    uint32_t index = w->first + place;
    return &w->entries[index < w->frames ? index : index - w->frames];
}

void window_clear(Window *window) { window->first = window->count = window->now = 0; }

uint32_t window_push(Window *w, uint32_t value) {
    WindowEntry *entry;
    if (w->count > 0 && w->now - entry_at(w, 0)->frame >= w->frames) {
        w->first = w->first + 1 < w->frames ? w->first + 1 : 0;
        w->count--;
    }
    while (w->count > 0 && entry_at(w, w->count - 1)->value >= value) w->count--;
    entry = entry_at(w, w->count++);
    entry->value = value;
    entry->frame = w->now++;
    return entry_at(w, 0)->value;
}
