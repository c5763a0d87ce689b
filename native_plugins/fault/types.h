/*
 * types.h: the five types of this plugin, as the module makes them.
 */
#ifndef FAULT_TYPES_H
#define FAULT_TYPES_H

#include <stellatune_sdk.h>

StStatus create_decoder(StStr type_id, StStr config, StDecoderInstanceRef *out_instance);

StStatus create_dsp(StStr type_id, uint32_t sample_rate_hz, uint16_t channels, StStr config,
                    StDspInstanceRef *out_instance);

StStatus create_source(StStr type_id, StStr config, StSourceCatalogInstanceRef *out_instance);

StStatus create_lyrics(StStr type_id, StStr config, StLyricsProviderInstanceRef *out_instance);

StStatus create_sink(StStr type_id, StStr config, StOutputSinkInstanceRef *out_instance);

#endif
