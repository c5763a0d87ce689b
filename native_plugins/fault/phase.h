/*
 * phase.h: the calls into a plugin during which a fault can be ordered.
 */
#ifndef FAULT_PHASE_H
#define FAULT_PHASE_H

#include <stdint.h>

typedef enum Phase {
    PHASE_CONSTRUCTOR, /* of the library, inside dlopen */
    PHASE_ENTRY,       /* stellatune_plugin_entry */
    PHASE_CREATE,
    PHASE_OPEN,
    PHASE_READ,
    PHASE_PROCESS,
    PHASE_SEEK,
    PHASE_PLAN,
    PHASE_APPLY,
    PHASE_EXPORT,
    PHASE_IMPORT,
    PHASE_LIST,
    PHASE_SEARCH,
    PHASE_FETCH,
    PHASE_NEGOTIATE,
    PHASE_WRITE,
    PHASE_FLUSH,
    PHASE_DESTROY,
    PHASE_SHUTDOWN,
    PHASE_COUNT
} Phase;

#define PHASE_BIT(phase) (1u << (phase))
#define ALL_PHASES (PHASE_BIT(PHASE_COUNT) - 1u)
/* Those of the process: no instance takes part. */
#define MODULE_PHASES (PHASE_BIT(PHASE_CONSTRUCTOR) | PHASE_BIT(PHASE_ENTRY) | PHASE_BIT(PHASE_SHUTDOWN))

extern const char *const phase_names[PHASE_COUNT];

#endif
