/*
 * plugin.c: the module's tables, its schemas, and the three moments that belong to no instance.
 */
#include <unistd.h>

#include "types.h"
#include "trigger.h"

#define KINDS                                                                                                    \
    "\"segv\", \"abort\", \"ill\", \"fpe\", \"stack_overflow\", \"heap_corruption\", \"exit\", \"_exit\", "      \
    "\"spin\", \"deadlock\", \"slow\", \"leak\", \"huge_alloc\", \"nan\", \"inf\", \"loud\", \"wrong_frames\", " \
    "\"overrun_write\", \"underrun_write\", \"corrupt_ring\", \"truncate_segment\", \"close_fds\", "             \
    "\"garbage_packet\", \"huge_packet\", \"deep_packet\", \"event_flood\", \"stderr_flood\", "                  \
    "\"ignore_shutdown\", \"block_sigterm\", \"fork\", \"stop_self\", \"raise_in_thread\""
#define COUNT "{\"type\": \"integer\", \"minimum\": 1, \"default\": 1}"
#define AMOUNT "{\"type\": \"number\", \"minimum\": 0}"
#define ORDER(phases)                                                                                            \
    "{\"type\": \"object\", \"properties\": {\"kind\": {\"type\": \"string\", \"enum\": [" KINDS "]}, "          \
    "\"phase\": {\"type\": \"string\", \"enum\": [\"create\", " phases ", \"plan\", \"apply\", \"export\", \"import\", " \
    "\"destroy\", \"shutdown\"]}, "                                                                              \
    "\"at_call\": " COUNT ", \"calls\": " COUNT ", \"generations\": " COUNT ", \"arg\": " AMOUNT ", " \
    "\"marks\": {\"type\": \"string\", \"maxLength\": 4000}}, "                                                  \
    "\"required\": [\"kind\", \"phase\", \"marks\"], \"additionalProperties\": false}"
#define SCHEMA(phases, more)                                                                                     \
    "{\"type\": \"object\", \"properties\": {\"fault\": " ORDER(phases) CONDUCT more                              \
    "}, \"additionalProperties\": false}"
#define CONDUCT                                                                                                  \
    ", \"plan\": {\"type\": \"string\", \"enum\": [\"apply\", \"recreate\", \"reject\"], \"default\": \"apply\"}, "  \
    "\"refuse\": {\"type\": \"string\", \"enum\": [\"plan\", \"apply\", \"export\", \"import\", \"create\"]}, "       \
    "\"tag\": {\"type\": \"string\", \"maxLength\": 64}"
#define FILE_NAME "{\"type\": \"string\", \"maxLength\": 4000}"

#define DECODER_SCHEMA SCHEMA("\"open\", \"read\", \"seek\"", "")
#define DSP_SCHEMA SCHEMA("\"process\"", ", \"state\": {\"type\": \"boolean\", \"default\": false}")
#define SERVE                                                                                                    \
    ", \"serve\": {\"type\": \"object\", \"properties\": {\"most\": {\"type\": \"integer\", \"minimum\": 0}, "         \
    "\"lie\": {\"type\": \"integer\"}, \"broken\": {\"type\": \"integer\"}}, \"additionalProperties\": false}"
#define SOURCE_SCHEMA SCHEMA("\"list\", \"open\", \"read\", \"seek\"", ", \"path\": " FILE_NAME SERVE)
#define LYRICS_SCHEMA SCHEMA("\"search\", \"fetch\"", "")
#define SINK_SCHEMA                                                                                              \
    SCHEMA("\"list\", \"negotiate\", \"open\", \"write\", \"flush\"", ", \"keep\": " FILE_NAME)
#define TARGET_SCHEMA                                                                                            \
    "{\"type\": \"object\", \"properties\": {\"id\": {\"const\": \"fault\"}, \"name\": {\"type\": \"string\"}, " \
    "\"default\": {\"type\": \"boolean\"}}, \"additionalProperties\": false}"
#define METADATA                                                                                                 \
    "{\"id\": \"stellatune.fault\", \"name\": \"Fault injection (for testing)\", \"api_version\": 6, "           \
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\", "                            \
    "\"target_schemas\": {\"fault\": " TARGET_SCHEMA "}}"

static const StCapabilityDescriptor CAPABILITIES[] = {
    {
        .kind = ST_CAPABILITY_DECODER,
        .type_id_utf8 = ST_STR("fault"),
        .display_name_utf8 = ST_STR("Numbered frames"),
        .config_schema_json_utf8 = ST_STR(DECODER_SCHEMA),
        .default_config_json_utf8 = ST_STR("{}"),
    },
    {
        .kind = ST_CAPABILITY_DSP,
        .type_id_utf8 = ST_STR("fault"),
        .display_name_utf8 = ST_STR("Faulty effect"),
        .config_schema_json_utf8 = ST_STR(DSP_SCHEMA),
        .default_config_json_utf8 = ST_STR("{\"state\": false}"),
    },
    {
        .kind = ST_CAPABILITY_SOURCE_CATALOG,
        .type_id_utf8 = ST_STR("fault"),
        .display_name_utf8 = ST_STR("Faulty source"),
        .config_schema_json_utf8 = ST_STR(SOURCE_SCHEMA),
        .default_config_json_utf8 = ST_STR("{}"),
    },
    {
        .kind = ST_CAPABILITY_LYRICS_PROVIDER,
        .type_id_utf8 = ST_STR("fault"),
        .display_name_utf8 = ST_STR("Faulty lyrics"),
        .config_schema_json_utf8 = ST_STR(LYRICS_SCHEMA),
        .default_config_json_utf8 = ST_STR("{}"),
    },
    {
        .kind = ST_CAPABILITY_OUTPUT_SINK,
        .type_id_utf8 = ST_STR("fault"),
        .display_name_utf8 = ST_STR("Faulty output"),
        .config_schema_json_utf8 = ST_STR(SINK_SCHEMA),
        .default_config_json_utf8 = ST_STR("{}"),
    },
};

/* Only texts made for this decoder; of all other names it wants none. */
static const StDecoderExtScore SCORES[] = {{.ext_utf8 = ST_STR("frames"), .score = 100}, {.ext_utf8 = ST_STR("*"), .score = 0}};

ST_DEFINE_SCORES("fault", SCORES)

__attribute__((constructor)) static void constructor(void) { trigger_module_call(PHASE_CONSTRUCTOR); }

static StStatus end_module(void) {
    trigger_module_call(PHASE_SHUTDOWN);
    while (stalls_at_shutdown()) pause();
    return st_ok();
}

static StStr metadata(void) {
    return st_str(METADATA);
}

static size_t capability_count(void) { return sizeof CAPABILITIES / sizeof CAPABILITIES[0]; }

static const StCapabilityDescriptor *capability_get(size_t index) {
    return index < capability_count() ? &CAPABILITIES[index] : NULL;
}

static const StPluginModule MODULE = {
    .api_version = STELLATUNE_API_VERSION,
    .plugin_version = {1, 0, 0, 0},
    .plugin_free = st_plugin_free,
    .metadata_json_utf8 = metadata,
    .capability_count = capability_count,
    .capability_get = capability_get,
    ST_SCORES,
    .create_decoder_instance = create_decoder,
    .create_dsp_instance = create_dsp,
    .create_source_catalog_instance = create_source,
    .create_lyrics_provider_instance = create_lyrics,
    .create_output_sink_instance = create_sink,
    .shutdown = end_module,
};

/* By hand, because the entry is a moment for a fault too. */
ST_SDK_VISIBLE const StPluginModule *stellatune_plugin_entry(const StHostVTable *host);
const StPluginModule *stellatune_plugin_entry(const StHostVTable *host) {
    if (host == NULL || host->api_version != STELLATUNE_API_VERSION) return NULL;
    st_host = host;
    trigger_module_call(PHASE_ENTRY);
    return &MODULE;
}
