/*
 * stages.h: the commands of stages, as plugin_worker/capabilities has them. Each is run as a job by the stage's owner.
 */
#ifndef ST_SANITIZE_STAGES_H
#define ST_SANITIZE_STAGES_H

#include "owner.h"

/* Where a stage stands, and from what it goes on; the argument of attach and release. */
typedef struct place {
    kind kind;
    uint32_t effects; /* before it in the chain */
    int in, out;      /* rings; -1: none */
    int checkpoints;  /* of a dsp */
    uint64_t epoch;
    uint64_t from;    /* dsp: replays from here on, */
    int slot;         /* and imports this checkpoint before; negative: none */
    uint64_t end;     /* of the programme */
    uint64_t state;   /* of chance */
    const _Atomic uint64_t *acts;
    const StHostVTable *host;
} place;

/* Joins the rings and takes over where the one before it ended. */
int stage_attach(stage *stage, job *job);

/* Stops at a block boundary, after a last checkpoint. */
int stage_hold(stage *stage, job *job);

/* Goes on, wherever the host has set the rings meanwhile. */
int stage_release(stage *stage, job *job);

/* Lets go of the rings as they are. */
int stage_detach(stage *stage, job *job);

#endif
