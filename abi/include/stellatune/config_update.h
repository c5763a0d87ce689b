/*
 * config_update.h: the tail that every instance vtable ends with - change of configuration, transfer of state, end.
 *
 * The runtime first asks for a plan, then applies it in place, or recreates the instance and carries the state over, or
 * tells the user why it was refused. Whatever fails, the old instance goes on serving.
 */
#ifndef STELLATUNE_CONFIG_UPDATE_H
#define STELLATUNE_CONFIG_UPDATE_H

#include "common.h"

ST_BEGIN_DECLS

typedef enum StConfigUpdateMode {
    ST_CONFIG_HOT_APPLY = 1,
    ST_CONFIG_RECREATE = 2,
    ST_CONFIG_REJECT = 3
} StConfigUpdateMode;

/* How long applying or recreating is likely to take; the runtime picks its deadline by it and shows it to users. */
typedef enum StConfigUpdateCost {
    ST_CONFIG_COST_LOW = 1,
    ST_CONFIG_COST_MEDIUM = 2,
    ST_CONFIG_COST_HIGH = 3
} StConfigUpdateCost;

typedef struct StConfigUpdatePlan {
    uint32_t mode;     /* StConfigUpdateMode */
    uint32_t cost;     /* StConfigUpdateCost */
    StStr reason_utf8; /* optional; plugin-allocated, freed with plugin_free */
    uint64_t reserved0;
} StConfigUpdatePlan;

typedef struct StInstanceVTable {
    /*
     * Says how a new configuration would be taken, without taking it. Null means RECREATE.
     * thread: [lane & created]
     * realtime: no
     * owned: the plan's reason is the plugin's until freed with plugin_free
     * valid until: the config text until return
     * errors: INVALID_ARG, INTERNAL
     */
    StStatus (*plan_config_update_json_utf8)(void *handle, StStr new_config_json_utf8, StConfigUpdatePlan *out_plan);

    /*
     * Takes the new configuration in place, at a block boundary. On error the old configuration stays in force.
     * thread: [lane & created]
     * realtime: no
     * owned: nothing
     * valid until: the config text until return
     * errors: INVALID_ARG, INTERNAL
     */
    StStatus (*apply_config_update_json_utf8)(void *handle, StStr new_config_json_utf8);

    /*
     * Writes the running state as JSON; may be null. Called in the place of export_state_blob where there is none.
     * thread: [lane & created]
     * realtime: no
     * owned: the text is the plugin's until freed with plugin_free
     * valid until: freed
     * errors: INTERNAL
     */
    StStatus (*export_state_json_utf8)(void *handle, StStr *out_json_utf8);

    /*
     * Takes over a state that export_state_json_utf8 of the same type wrote; may be null. Called on a fresh instance only.
     * thread: [lane & created]
     * realtime: no
     * owned: nothing
     * valid until: the text until return
     * errors: INVALID_ARG (not a state of this type, version or format), INTERNAL
     */
    StStatus (*import_state_json_utf8)(void *handle, StStr state_json_utf8);

    /*
     * Writes the whole running state, filter memory included, so that an importer continues bit for bit; may be null.
     * Called between two blocks, several times a second of programme and once before another instance takes over: it must
     * be quick, a small part of a block's time, and waits for nothing. The bytes are copied before the next call. A state
     * that cannot be taken over again (import_state_blob is null) is never asked for; one that is longer than the user's
     * [pipeline] checkpoint_kib (256 KiB by default) is not kept, and the instance is then continued without it. Without
     * any export the successor of an instance that died hears the last second of input again: that is all it then knows.
     * thread: [lane & created]
     * realtime: yes
     * owned: the bytes stay the plugin's and must not be freed by the caller
     * valid until: the next call on this instance
     * errors: INTERNAL
     */
    StStatus (*export_state_blob)(void *handle, StBlob *out_state);

    /*
     * Takes over a state that export_state_blob of the same type wrote, in another process that may have died since; may
     * be null. Called on a fresh instance only, before its first block, with the rate, channels and configuration of the
     * one that wrote it. A state of another version, size or format is refused and changes nothing.
     * thread: [lane & created]
     * realtime: no
     * owned: nothing
     * valid until: the bytes until return
     * errors: INVALID_ARG, INTERNAL
     */
    StStatus (*import_state_blob)(void *handle, StBlob state);

    /*
     * Ends the instance and frees all it owns. Called exactly once; threads it started are gone when it returns.
     * thread: [lane & created]
     * realtime: no
     * owned: the handle is gone afterwards
     * valid until: return
     * errors: none
     */
    void (*destroy)(void *handle);

    uint64_t reserved0;
} StInstanceVTable;

ST_STATIC_ASSERT(sizeof(StConfigUpdatePlan) == 32, "StConfigUpdatePlan");
ST_STATIC_ASSERT(sizeof(StInstanceVTable) == 64, "StInstanceVTable");
ST_STATIC_ASSERT(offsetof(StInstanceVTable, destroy) == 48, "StInstanceVTable.destroy");

ST_END_DECLS

#endif
