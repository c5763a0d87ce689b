/*
 * state.h: a state that came from outside - looked through before it is believed.
 */
#ifndef LOUDNESS_STATE_H
#define LOUDNESS_STATE_H

#include "leveller.h"

/* Marks the state of a fresh leveller as one of this version. */
void state_sign(State *state);

/*
 * Takes over a state, also from other settings: the gain goes on from where it stood. Refuses one of another version, rate
 * or channel count, and one whose numbers could not have come from a leveller, and then changes nothing.
 */
StStatus state_read(StBlob blob, Leveller *leveller);

#endif
