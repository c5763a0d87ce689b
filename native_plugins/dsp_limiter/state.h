/*
 * state.h: a state that came from outside - looked through before it is believed.
 */
#ifndef LIMITER_STATE_H
#define LIMITER_STATE_H

#include "limiter.h"

/* Marks the state of a fresh limiter as one of this version. */
void state_sign(StateHeader *state);

/*
 * Takes over a state; refuses one of another version, rate, channel count or look-ahead, and one whose numbers could not
 * have come from a limiter, and then changes nothing. From other levels than the limiter's a line leads to these.
 */
StStatus state_read(StBlob blob, Limiter *limiter);

#endif
