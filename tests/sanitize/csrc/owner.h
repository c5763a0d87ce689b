/*
 * owner.h: one owner thread of a stage, as plugin_worker/lane.py has it: commands and the pump by turns, and a door that
 * is held while somebody rings a running pump.
 */
#ifndef ST_SANITIZE_OWNER_H
#define ST_SANITIZE_OWNER_H

#include <pthread.h>

#include "numbering.h"
#include "pump.h"

typedef enum kind { DECODE = 0, DSP = 1, SINK = 2 } kind;

/* What stands in the chain. Owned by the thread of its owner; `kind` is set before that starts. */
typedef struct stage {
    kind kind;
    st_decode decode;
    st_dsp dsp;
    st_sink sink;
    st_stop stop;
    numbering instance;
} stage;

/* A command. `run` is called on the owner's thread; it says whether the pump is to be entered after it. */
typedef struct job {
    int (*run)(stage *stage, struct job *job);
    void *argument;
    int last;    /* the thread ends after it */
    int cancels; /* what is under way should give up */
} job;

typedef struct owner {
    st_lane lane;
    stage stage;
    st_status_page *page;
    uint32_t slot;
    uint64_t instance;
    pthread_t thread;
    pthread_mutex_t door; /* held while somebody rings, and while `pumping` changes */
    int pumping;
    pthread_mutex_t desk; /* of the three below */
    pthread_cond_t change;
    job *job;
    int done;
    _Atomic uint32_t reason; /* why the pump is done for good; 0: it is not */
} owner;

/* Starts the thread; it waits for jobs. */
void owner_start(owner *owner, kind kind, st_status_page *page, uint32_t slot, uint64_t instance);

/* Calls the owner out of its pump, and waits until it has run the job. */
void owner_do(owner *owner, job *job);

/* Calls it out of its pump for nothing. */
void owner_disturb(owner *owner);

/* Waits for the thread, which has had its last job. */
void owner_join(owner *owner);

#endif
