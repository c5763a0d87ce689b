/*
 * glide.c: depth in a straight line, frequency and q in equal ratios.
 */
#include "glide.h"

#include <math.h>

static double between(double from, double to, double share) {
    return from == to ? to : from * pow(to / from, share);
}

static int same(Setting a, Setting b) { return a.freq_hz == b.freq_hz && a.q == b.q && a.depth == b.depth; }

Setting glide_end(const Glide *g, uint32_t steps) {
    double share = (double)g->done / steps;
    Setting at = g->to;
    if (g->done >= steps) return at;
    at.freq_hz = between(g->from.freq_hz, g->to.freq_hz, share);
    at.q = between(g->from.q, g->to.q, share);
    at.depth = g->from.depth + (g->to.depth - g->from.depth) * share;
    return at;
}

int glide_moves(const Glide *g, uint32_t steps) { return !same(g->begin, glide_end(g, steps)); }

void glide_rest(Glide *g, Setting at, uint32_t steps) {
    g->begin = g->from = g->to = at;
    g->done = steps;
}

void glide_step(Glide *g, uint32_t steps) {
    g->begin = glide_end(g, steps);
    if (g->done < steps) g->done++;
}

void glide_to(Glide *g, Setting target, uint32_t steps) {
    g->from = glide_end(g, steps);
    g->to = target;
    g->done = same(g->from, target) ? steps : 0;
}
