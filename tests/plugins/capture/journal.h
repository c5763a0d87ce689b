/*
 * journal.h: what happened to the device, one line each, so that a later process takes over where an earlier one died.
 *
 *     <kind> <position> <frames> <ns> <detail> <pid>
 *
 *     open    first frame to come, sample rate, ns, channels
 *     write   position, frames, ns, 1 where all samples are zero
 *     silence position of the next frame, frames that the device played without having been given any, ns, 0
 *     reset   next position, frames thrown away, ns, 0
 *     flush   position, 0, ns, 0                (all is played)
 *     close   position, frames thrown away, ns, 0
 *
 * A write's samples are in the data file before its line is in the journal; what has no line was never taken.
 */
#ifndef CAPTURE_JOURNAL_H
#define CAPTURE_JOURNAL_H

#include <stdint.h>

#include "clock.h"

typedef struct Journal {
    int fd;
    uint64_t frames; /* of all writes: where the next one goes in the data file */
} Journal;

/* Opens it, and lets the clock run on where no close, flush or reset stopped it. -1 with errno when it cannot be. */
int journal_open(Journal *journal, const char *path, Clock *clock);

/* Writes one line. -1 with errno. */
int journal_tell(Journal *journal, const char *kind, uint64_t position, uint64_t frames, uint64_t ns, unsigned detail);

void journal_close(Journal *journal);

#endif
