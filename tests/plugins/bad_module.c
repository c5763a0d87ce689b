/*
 * bad_module: a module whose tables are wrong in one way, chosen when it is compiled. Without a switch it is a good one.
 *
 * NULL_FIELD=f  table field f is null     API, METADATA_API, METADATA, COUNT, TYPE_ID, SECOND_ID, SCHEMA, DEFAULTS, KIND:
 * NO_ENTRY, ENTRY_NULL                    another value in place of the good one
 * CONSTRUCTOR=c runs c before main        NULL_CAPABILITY  capability_get answers null
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stellatune/stellatune.h>

#ifndef API
#define API STELLATUNE_API_VERSION
#endif
#ifndef METADATA_API
#define METADATA_API "6"
#endif
#ifndef METADATA
#define METADATA "{\"id\": \"test.bad\", \"name\": \"Bad\", \"api_version\": " METADATA_API "}"
#endif
#ifndef COUNT
#define COUNT 2
#endif
#ifndef KIND
#define KIND ST_CAPABILITY_DSP
#endif
#ifndef TYPE_ID
#define TYPE_ID "first"
#endif
#ifndef SECOND_ID
#define SECOND_ID "second"
#endif
#ifndef SCHEMA
#define SCHEMA "{}"
#endif
#ifndef DEFAULTS
#define DEFAULTS "{}"
#endif
#ifndef NAME
#define NAME "Name"
#endif

#define STR(text) {(text), sizeof(text) - 1}

#ifdef CONSTRUCTOR
__attribute__((constructor)) static void before_everything(void) { CONSTRUCTOR; }
#endif

static StStr metadata(void) { return (StStr)STR(METADATA); }

static size_t count(void) { return COUNT; }

static const StCapabilityDescriptor *get(size_t index) {
    static const StCapabilityDescriptor first = {.kind = KIND, .type_id_utf8 = STR(TYPE_ID), .display_name_utf8 = STR(NAME),
        .config_schema_json_utf8 = STR(SCHEMA), .default_config_json_utf8 = STR(DEFAULTS)};
    static const StCapabilityDescriptor second = {.kind = ST_CAPABILITY_DSP, .type_id_utf8 = STR(SECOND_ID),
        .display_name_utf8 = STR("Second"), .config_schema_json_utf8 = STR("{}"), .default_config_json_utf8 = STR("{}")};
#ifdef NULL_CAPABILITY
    return NULL;
#endif
    return index == 0 ? &first : &second;
}

static StStatus create(StStr type_id, uint32_t rate, uint16_t channels, StStr config, StDspInstanceRef *out) {
    (void)type_id, (void)rate, (void)channels, (void)config, (void)out;
    return (StStatus){.code = ST_ERROR_UNSUPPORTED};
}

static StPluginModule module = {.api_version = API, .metadata_json_utf8 = metadata, .capability_count = count,
    .capability_get = get, .create_dsp_instance = create};

#ifndef NO_ENTRY
const StPluginModule *stellatune_plugin_entry(const StHostVTable *host) {
    (void)host;
#ifdef NULL_FIELD
    module.NULL_FIELD = NULL;
#endif
#ifdef ENTRY_NULL
    return NULL;
#endif
    return &module;
}
#else
const StPluginModule *other_entry(void) { return &module; }
#endif
