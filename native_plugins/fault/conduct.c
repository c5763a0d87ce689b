/*
 * conduct.c: plans, applies, hands over, refuses.
 */
#include "conduct.h"

static int word(StStr config, const char *name, char *out, size_t capacity) {
    StJson value;
    return st_json_member(st_json(config), name, &value) && st_json_string(value, out, capacity, NULL);
}

static int refuses(StStr config, const char *call) {
    char named[16];
    return word(config, "refuse", named, sizeof named) && strcmp(named, call) == 0;
}

static const char REASON[] = "fault: the configuration wants to be rejected";

static StStatus refusal(const char *call) {
    return st_error(ST_ERROR_INTERNAL, "fault: the configuration wants %s to be refused", call);
}

StStatus conduct_begin(Conduct *conduct, StStr config, uint32_t phases) {
    StStatus set = trigger_set(&conduct->trigger, config, phases | COMMON_PHASES);
    if (set.code != ST_OK) return set;
    if (refuses(config, "create")) return refusal("create");
    conduct->phases = phases | COMMON_PHASES;
    conduct->refuses_import = refuses(config, "import");
    word(config, "tag", conduct->tag, sizeof conduct->tag);
    return set;
}

StStatus conduct_plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    Conduct *conduct = handle;
    char mode[16] = "apply";
    trigger_call(&conduct->trigger, PHASE_PLAN, NULL);
    if (refuses(config, "plan")) return refusal("plan");
    conduct->refuses_export = refuses(config, "export");
    word(config, "plan", mode, sizeof mode);
    if (strcmp(mode, "recreate") == 0) return st_plan(out_plan, ST_CONFIG_RECREATE, ST_CONFIG_COST_MEDIUM);
    if (strcmp(mode, "apply") == 0) return st_plan(out_plan, ST_CONFIG_HOT_APPLY, ST_CONFIG_COST_LOW);
    st_plan(out_plan, ST_CONFIG_REJECT, ST_CONFIG_COST_LOW);
    out_plan->reason_utf8 = st_str_copy(REASON, sizeof REASON - 1);
    return st_ok();
}

static void tell(const Conduct *conduct, const char *what) {
    st_log(ST_LOG_INFO, "fault: instance %u %s, applied %llu, tag '%s'", conduct->trigger.instance, what,
           (unsigned long long)conduct->applied, conduct->tag);
}

StStatus conduct_apply(void *handle, StStr config) {
    Conduct *conduct = handle;
    StStatus set;
    trigger_call(&conduct->trigger, PHASE_APPLY, NULL);
    if (refuses(config, "apply")) return refusal("apply");
    set = trigger_renew(&conduct->trigger, config, conduct->phases);
    if (set.code != ST_OK) return set;
    conduct->tag[0] = '\0';
    word(config, "tag", conduct->tag, sizeof conduct->tag);
    conduct->applied++;
    tell(conduct, "took a configuration");
    return set;
}

StStatus conduct_exporting(Conduct *conduct) {
    int refused = conduct->refuses_export;
    conduct->refuses_export = 0;
    trigger_call(&conduct->trigger, PHASE_EXPORT, NULL);
    return refused ? refusal("export") : st_ok();
}

StStatus conduct_importing(Conduct *conduct) {
    trigger_call(&conduct->trigger, PHASE_IMPORT, NULL);
    return conduct->refuses_import ? refusal("import") : st_ok();
}

StStatus conduct_export(void *handle, StStr *out_json) {
    Conduct *conduct = handle;
    StStatus status = conduct_exporting(conduct);
    char text[64];
    int len;
    if (status.code != ST_OK) return status;
    len = snprintf(text, sizeof text, "{\"applied\": %llu}", (unsigned long long)conduct->applied);
    *out_json = st_str_copy(text, (size_t)len);
    return st_ok();
}

StStatus conduct_import(void *handle, StStr state) {
    Conduct *conduct = handle;
    double applied = st_json_number_or(st_json(state), "applied", -1);
    StStatus status = conduct_importing(conduct);
    if (status.code != ST_OK) return status;
    if (applied < 0 || applied > 1e15) return st_error(ST_ERROR_INVALID_ARG, "fault: not a state of this plugin");
    conduct->applied = (uint64_t)applied;
    tell(conduct, "took a state over");
    return st_ok();
}

void conduct_destroy(void *handle) {
    trigger_call(&((Conduct *)handle)->trigger, PHASE_DESTROY, NULL);
    free(handle);
}
