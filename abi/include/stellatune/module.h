/*
 * module.h: what a plugin library offers - who it is, its capabilities, and a factory for each kind.
 *
 * A module holds no business state: instances do. The table and every text in it are static memory of the plugin, valid
 * while the library is loaded.
 */
#ifndef STELLATUNE_MODULE_H
#define STELLATUNE_MODULE_H

#include "common.h"
#include "decoder.h"
#include "dsp.h"
#include "host.h"
#include "lyrics_provider.h"
#include "output_sink.h"
#include "source_catalog.h"
#include "version.h"

ST_BEGIN_DECLS

typedef struct StCapabilityDescriptor {
    uint32_t kind; /* StCapabilityKind */
    uint32_t reserved0;
    StStr type_id_utf8; /* [a-z0-9._-]{1,64}, unique per kind */
    StStr display_name_utf8;
    StStr config_schema_json_utf8;
    StStr default_config_json_utf8;
    uint64_t reserved1;
} StCapabilityDescriptor;

typedef struct StPluginModule {
    uint32_t api_version;
    StVersion plugin_version;
    uint32_t reserved0;

    /*
     * Frees a text that the plugin handed out; null when it never hands out any.
     * thread: [any]
     * realtime: no
     * owned: the memory is gone afterwards
     * valid until: return
     * errors: none
     */
    void (*plugin_free)(void *ptr, size_t len, size_t align);

    /*
     * Gives {"id", "name", "api_version", "version": {"major", "minor", "patch"}} and optional licence, homepage,
     * protective, groups, target_schemas (an object: sink type id -> JSON schema of its target).
     * thread: [module lane]
     * realtime: no
     * owned: static memory of the plugin
     * valid until: the library is gone
     * errors: none
     */
    StStr (*metadata_json_utf8)(void);

    /*
     * Says how many capabilities there are, 1 to 256.
     * thread: [module lane]
     * realtime: no
     * owned: nothing
     * valid until: the answer never changes
     * errors: none
     */
    size_t (*capability_count)(void);

    /*
     * Gives one capability.
     * thread: [module lane]
     * realtime: no
     * owned: static memory of the plugin
     * valid until: the library is gone
     * errors: null for an index out of range
     */
    const StCapabilityDescriptor *(*capability_get)(size_t index);

    /*
     * Says how many extension rules a decoder type has; null when there is no decoder.
     * thread: [module lane]
     * realtime: no
     * owned: nothing
     * valid until: the answer never changes
     * errors: none
     */
    size_t (*decoder_ext_score_count)(StStr type_id_utf8);

    /*
     * Gives one extension rule of a decoder type.
     * thread: [module lane]
     * realtime: no
     * owned: static memory of the plugin
     * valid until: the library is gone
     * errors: null for an index out of range
     */
    const StDecoderExtScore *(*decoder_ext_score_get)(StStr type_id_utf8, size_t index);

    /*
     * Makes a decoder. Null when the module has none; so for the other four.
     * thread: [lane]
     * realtime: no
     * owned: the instance is the caller's until destroy
     * valid until: the texts until return
     * errors: INVALID_ARG (type or config), UNSUPPORTED, INTERNAL
     */
    StStatus (*create_decoder_instance)(StStr type_id_utf8, StStr config_json_utf8, StDecoderInstanceRef *out_instance);

    /*
     * Makes a dsp for one rate and number of channels.
     * thread: [lane]
     * realtime: no
     * owned: the instance is the caller's until destroy
     * valid until: the texts until return
     * errors: INVALID_ARG (type or config), UNSUPPORTED (rate or channels), INTERNAL
     */
    StStatus (*create_dsp_instance)(StStr type_id_utf8, uint32_t sample_rate_hz, uint16_t channels,
                                    StStr config_json_utf8, StDspInstanceRef *out_instance);

    /*
     * Makes a source catalogue.
     * thread: [lane]
     * realtime: no
     * owned: the instance is the caller's until destroy
     * valid until: the texts until return
     * errors: INVALID_ARG (type or config), UNSUPPORTED, INTERNAL
     */
    StStatus (*create_source_catalog_instance)(StStr type_id_utf8, StStr config_json_utf8,
                                               StSourceCatalogInstanceRef *out_instance);

    /*
     * Makes a lyrics provider.
     * thread: [lane]
     * realtime: no
     * owned: the instance is the caller's until destroy
     * valid until: the texts until return
     * errors: INVALID_ARG (type or config), UNSUPPORTED, INTERNAL
     */
    StStatus (*create_lyrics_provider_instance)(StStr type_id_utf8, StStr config_json_utf8,
                                                StLyricsProviderInstanceRef *out_instance);

    /*
     * Makes an output sink.
     * thread: [lane]
     * realtime: no
     * owned: the instance is the caller's until destroy
     * valid until: the texts until return
     * errors: INVALID_ARG (type or config), UNSUPPORTED, INTERNAL
     */
    StStatus (*create_output_sink_instance)(StStr type_id_utf8, StStr config_json_utf8,
                                            StOutputSinkInstanceRef *out_instance);

    /*
     * Cleans up what belongs to no instance, before the process ends; may be null.
     * thread: [module lane & no instance left]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: INTERNAL
     */
    StStatus (*shutdown)(void);

    uint64_t reserved1;
} StPluginModule;

/*
 * The entry symbol. Called once, before everything else.
 * thread: [module lane]
 * realtime: no
 * owned: the table is static memory of the plugin; the host table stays the host's
 * valid until: the library is gone, for both tables
 * errors: null when the plugin cannot work here
 */
typedef const StPluginModule *(*StPluginEntry)(const StHostVTable *host);

ST_STATIC_ASSERT(sizeof(StCapabilityDescriptor) == 80, "StCapabilityDescriptor");
ST_STATIC_ASSERT(sizeof(StPluginModule) == 120, "StPluginModule");
ST_STATIC_ASSERT(offsetof(StPluginModule, plugin_free) == 16, "StPluginModule.plugin_free");

ST_END_DECLS

#endif
