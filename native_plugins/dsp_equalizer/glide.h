/*
 * glide.h: a setting on its way to another one, in steps of the filter's grid.
 */
#ifndef EQUALIZER_GLIDE_H
#define EQUALIZER_GLIDE_H

#include "design.h"

/* Everything of a glide is here: whoever copies it goes on to the bit. */
typedef struct Glide {
    Setting begin; /* where the grid's step that is under way began */
    Setting from;
    Setting to;
    uint32_t done; /* steps of the way behind, the one under way included; all of them at rest */
} Glide;

/* Where the step that is under way ends. */
Setting glide_end(const Glide *glide, uint32_t steps);

int glide_moves(const Glide *glide, uint32_t steps);

void glide_rest(Glide *glide, Setting at, uint32_t steps);

/* Begins the next step. */
void glide_step(Glide *glide, uint32_t steps);

/* Turns to another target, from where the step that is under way ends. */
void glide_to(Glide *glide, Setting target, uint32_t steps);

#endif
