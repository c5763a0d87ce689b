/*
 * stream.h: the bytes of a local file as a source's stream, with faults in its read and seek.
 */
#ifndef FAULT_STREAM_H
#define FAULT_STREAM_H

#include "trigger.h"

typedef struct Stream {
    Trigger *trigger; /* of the instance */
    int fd;           /* -1: not open */
    uint64_t at;
    size_t most;    /* that a read gives; 0: all that is asked for */
    int64_t lie;    /* what is added to the size that it tells */
    int64_t broken; /* reads fail from here on; negative: nowhere */
} Stream;

#define STREAM_PHASES (PHASE_BIT(PHASE_READ) | PHASE_BIT(PHASE_SEEK))

/* Opens the file named by `path`, a JSON text, as `serve`, an object, says. */
StStatus stream_open(Stream *stream, Trigger *trigger, StJson path, StJson serve);

/* Twice is fine. */
void stream_close(Stream *stream);

/* Its io_handle is a Stream. */
const StIoVTable *stream_io(void);

#endif
