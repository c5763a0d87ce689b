/*
 * kinds.c: the table of kinds - name, where it can happen, what its arg is when nothing is said.
 */
#include "kinds.h"

#include <stddef.h>
#include <string.h>

#define MAKES_AUDIO (PHASE_BIT(PHASE_READ) | PHASE_BIT(PHASE_PROCESS))
#define HAS_SAMPLES (MAKES_AUDIO | PHASE_BIT(PHASE_WRITE))
#define TELLS_COUNT (PHASE_BIT(PHASE_READ) | PHASE_BIT(PHASE_SEEK) | PHASE_BIT(PHASE_WRITE))
#define HAS_RINGS (HAS_SAMPLES | PHASE_BIT(PHASE_EXPORT) | PHASE_BIT(PHASE_FLUSH))
#define HAS_HOST (ALL_PHASES & ~PHASE_BIT(PHASE_CONSTRUCTOR))

const char *const phase_names[PHASE_COUNT] = {
    [PHASE_CONSTRUCTOR] = "constructor",
    [PHASE_ENTRY] = "entry",
    [PHASE_CREATE] = "create",
    [PHASE_OPEN] = "open",
    [PHASE_READ] = "read",
    [PHASE_PROCESS] = "process",
    [PHASE_SEEK] = "seek",
    [PHASE_PLAN] = "plan",
    [PHASE_APPLY] = "apply",
    [PHASE_EXPORT] = "export",
    [PHASE_IMPORT] = "import",
    [PHASE_LIST] = "list",
    [PHASE_SEARCH] = "search",
    [PHASE_FETCH] = "fetch",
    [PHASE_NEGOTIATE] = "negotiate",
    [PHASE_WRITE] = "write",
    [PHASE_FLUSH] = "flush",
    [PHASE_DESTROY] = "destroy",
    [PHASE_SHUTDOWN] = "shutdown",
};

static const Kind KINDS[] = {
    {"segv", ALL_PHASES, 0, strike_segv},
    {"abort", ALL_PHASES, 0, strike_abort},
    {"ill", ALL_PHASES, 0, strike_ill},
    {"fpe", ALL_PHASES, 0, strike_fpe},
    {"stack_overflow", ALL_PHASES, 0, strike_stack_overflow},
    {"heap_corruption", ALL_PHASES, 0, strike_heap_corruption},
    {"exit", ALL_PHASES, 0, strike_exit},
    {"_exit", ALL_PHASES, 0, strike_exit_at_once},
    {"spin", ALL_PHASES, 0, strike_spin},
    {"deadlock", ALL_PHASES, 0, strike_deadlock},
    {"slow", ALL_PHASES, 100, strike_slow},
    {"leak", ALL_PHASES, 64, strike_leak},
    {"huge_alloc", ALL_PHASES, 1 << 17, strike_huge_alloc},
    {"nan", MAKES_AUDIO, 0, strike_nan},
    {"inf", MAKES_AUDIO, 0, strike_inf},
    {"loud", MAKES_AUDIO, 1000, strike_loud},
    {"wrong_frames", TELLS_COUNT, 1, strike_wrong_frames},
    {"overrun_write", HAS_SAMPLES, 1, strike_overrun_write},
    {"underrun_write", HAS_SAMPLES, 4096, strike_underrun_write},
    {"corrupt_ring", HAS_RINGS, 0, strike_corrupt_ring},
    {"truncate_segment", ALL_PHASES, 0, strike_truncate_segment},
    {"close_fds", ALL_PHASES, 0, strike_close_fds},
    {"garbage_packet", ALL_PHASES, 200, strike_garbage_packet},
    {"huge_packet", ALL_PHASES, 100000, strike_huge_packet},
    {"deep_packet", ALL_PHASES, 60000, strike_deep_packet},
    {"event_flood", HAS_HOST, 50000, strike_event_flood},
    {"stderr_flood", ALL_PHASES, 8, strike_stderr_flood},
    {"ignore_shutdown", ALL_PHASES, 0, strike_ignore_shutdown},
    {"block_sigterm", ALL_PHASES, 0, strike_block_sigterm},
    {"fork", ALL_PHASES, 60, strike_fork},
    {"stop_self", ALL_PHASES, 0, strike_stop_self},
    {"raise_in_thread", ALL_PHASES, 0, strike_raise_in_thread},
};

const Kind *kind_find(const char *name) {
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (strcmp(KINDS[i].name, name) == 0) return &KINDS[i];
    return NULL;
}
