/*
 * conduct.h: what instances of all five kinds have in common - faults to strike, how a new configuration is taken, and the
 * running state that goes over to a successor.
 *
 * Beside the order, a configuration may say {"plan": "apply", "refuse": "export", "tag": "any text"}. `plan`: how
 * plan_config_update answers to this very configuration (apply, recreate, reject). `refuse`: the call that fails in an
 * orderly way over it: plan or apply of this configuration, create or import of an instance made with it, and export of
 * the one that was asked last to plan it. `tag` makes configurations differ and changes nothing.
 *
 * A Conduct is the first member of every instance, so that these functions can stand in its vtable.
 */
#ifndef FAULT_CONDUCT_H
#define FAULT_CONDUCT_H

#include "trigger.h"

#define TAG_BYTES 260

/* Phases that every kind has, beside its own. */
#define COMMON_PHASES                                                                                            \
    (PHASE_BIT(PHASE_CREATE) | PHASE_BIT(PHASE_PLAN) | PHASE_BIT(PHASE_APPLY) | PHASE_BIT(PHASE_DESTROY))
/* Those of a kind whose state is the number of configurations that were applied. */
#define STATE_PHASES (PHASE_BIT(PHASE_EXPORT) | PHASE_BIT(PHASE_IMPORT))

typedef struct Conduct {
    Trigger trigger;
    uint32_t phases;
    int refuses_export; /* once, over the configuration that was planned last */
    int refuses_import;
    uint64_t applied; /* configurations taken in place, those of forerunners included */
    char tag[TAG_BYTES];
} Conduct;

/* For a new instance; the caller strikes PHASE_CREATE when all is in place. Refuses as the configuration says. */
StStatus conduct_begin(Conduct *conduct, StStr config, uint32_t phases);

/* Strikes in an export or an import, and says whether it goes on; for a kind that has a state of its own. */
StStatus conduct_exporting(Conduct *conduct);
StStatus conduct_importing(Conduct *conduct);

/* The hooks of a vtable; the handle is a Conduct. Each apply and import is told to the log. */
StStatus conduct_plan(void *handle, StStr config, StConfigUpdatePlan *out_plan);
StStatus conduct_apply(void *handle, StStr config);
StStatus conduct_export(void *handle, StStr *out_json);
StStatus conduct_import(void *handle, StStr state);
void conduct_destroy(void *handle);

#define CONDUCT_HOOKS                                                                                            \
    {.plan_config_update_json_utf8 = conduct_plan, .apply_config_update_json_utf8 = conduct_apply,               \
     .export_state_json_utf8 = conduct_export, .import_state_json_utf8 = conduct_import, .destroy = conduct_destroy}

#endif
