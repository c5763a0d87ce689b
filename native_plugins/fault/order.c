/*
 * order.c: reads an order and refuses what is impossible.
 */
#include "order.h"

static StStatus find_phase(StJson object, Phase *out) {
    StJson value;
    char name[32];
    if (st_json_member(object, "phase", &value) && st_json_string(value, name, sizeof name, NULL))
        for (*out = 0; *out < PHASE_COUNT; (*out)++)
            if (strcmp(phase_names[*out], name) == 0) return st_ok();
    return st_error(ST_ERROR_INVALID_ARG, "fault: the order names no phase of this plugin; see `plugins info`");
}

static uint32_t whole(StJson object, const char *name) {
    double number = st_json_number_or(object, name, 1);
    return number < 1 ? 1 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

StStatus order_parse(StJson object, uint32_t phases, Order *out) {
    StJson value;
    char name[32];
    StStatus found;
    memset(out, 0, sizeof *out);
    if (object.at == NULL) return st_ok();
    if (!st_json_member(object, "kind", &value) || !st_json_string(value, name, sizeof name, NULL) ||
        (out->kind = kind_find(name)) == NULL)
        return st_error(ST_ERROR_INVALID_ARG, "fault: the order names no kind of this plugin; see `plugins info`");
    found = find_phase(object, &out->phase);
    if (found.code != ST_OK) return found;
    if (!(out->kind->phases & PHASE_BIT(out->phase)))
        return st_error(ST_ERROR_INVALID_ARG, "fault: %s cannot happen in %s", name, phase_names[out->phase]);
    if (!(phases & PHASE_BIT(out->phase)))
        return st_error(ST_ERROR_INVALID_ARG, "fault: nobody calls %s here", phase_names[out->phase]);
    if (!st_json_member(object, "marks", &value) || !st_json_string(value, out->marks, sizeof out->marks, NULL))
        return st_error(ST_ERROR_INVALID_ARG, "fault: the order needs marks, the folder that tells how often it was struck");
    out->at_call = whole(object, "at_call");
    out->calls = whole(object, "calls");
    out->generations = whole(object, "generations");
    out->arg = st_json_number_or(object, "arg", out->kind->usual_arg);
    return st_ok();
}
