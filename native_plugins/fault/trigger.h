/*
 * trigger.h: counts the calls of one instance, or of the process, and strikes when the order says so.
 *
 * Before it strikes it makes the file fired-<n> in the order's folder and writes one line to stderr:
 *     fault: <kind> in <phase> call <n> of instance <k>
 * k counts the instances made in this process, from 1; 0 is the process itself.
 */
#ifndef FAULT_TRIGGER_H
#define FAULT_TRIGGER_H

#include "order.h"

typedef struct Trigger {
    Order order;
    uint32_t instance;
    int by_config; /* the order came with the instance's configuration */
    uint32_t seen;   /* calls of the order's phase so far */
    uint32_t strikes_left; /* of those in a row */
} Trigger;

/* Makes a new instance's trigger from its configuration, or else from the imprint; `phases`: which of them it has. */
StStatus trigger_set(Trigger *trigger, StStr config, uint32_t phases);

/* The same for an order that came later; one that is there already stays. */
StStatus trigger_set_later(Trigger *trigger, StJson order, uint32_t phases);

/* The order of a configuration that takes the place of another. Without one, what a configuration had ordered is over. */
StStatus trigger_renew(Trigger *trigger, StStr config, uint32_t phases);

/* Says that the instance is in a call; comes back unless the fault says otherwise. */
void trigger_call(Trigger *trigger, Phase phase, const Site *site);

/* The same for a call of the process: constructor, entry, shutdown. */
void trigger_module_call(Phase phase);

#endif
