/*
 * plugin.c: the module table of decoder_wav and the decoder functions over PcmStream.
 */
#include <stellatune_sdk.h>
#include "pcm_samples.h"
#include "pcm_stream.h"
#include "pcm_tags.h"

#define NO_CONFIG_SCHEMA "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {}}"

static StStatus decoder_open(void *handle, StDecoderOpenArgs args) {
    if (args.io_vtable == NULL || args.io_vtable->read == NULL)
        return st_error(ST_ERROR_INVALID_ARG, "open needs an io table with read");
    return pcm_stream_open(handle, args.io_vtable, args.io_handle);
}

static StStatus decoder_get_info(void *handle, StDecoderInfo *out) {
    const PcmStream *stream = handle;
    uint64_t rate_hz = stream->layout.rate_hz;
    StDecoderInfo info = {0};
    info.spec.sample_rate_hz = stream->layout.rate_hz;
    info.spec.channels = (uint16_t)stream->layout.channels;
    info.bits_per_sample = stream->layout.bits;
    if (byte_input_seeks(&stream->input)) info.flags |= ST_DECODER_FLAG_SEEKABLE;
    if (pcm_samples_rounded(&stream->layout)) info.flags |= ST_DECODER_FLAG_ROUNDED;
    if (stream->frames != FRAMES_UNKNOWN) {
        info.total_frames = stream->frames;
        info.duration_ms = stream->frames / rate_hz * 1000 + stream->frames % rate_hz * 1000 / rate_hz;
        info.flags |= ST_DECODER_FLAG_HAS_FRAMES | ST_DECODER_FLAG_HAS_DURATION;
    }
    *out = info;
    return st_ok();
}

static StStatus decoder_get_metadata(void *handle, StStr *out) {
    return pcm_tags_json(handle, out);
}

static StStatus decoder_read(void *handle, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof) {
    return pcm_stream_read(handle, frames, out, out_read, out_eof);
}

static StStatus decoder_seek_frame(void *handle, uint64_t frame, uint64_t *out_landed) {
    StStatus status = pcm_stream_seek(handle, frame);
    if (status.code == ST_OK) *out_landed = frame;
    return status;
}

static StStatus decoder_seek_ms(void *handle, uint64_t position_ms) {
    const PcmStream *stream = handle;
    if (position_ms > INT64_MAX / stream->layout.rate_hz)
        return st_error(ST_ERROR_INVALID_ARG, "position %llu ms is behind the end", (unsigned long long)position_ms);
    return pcm_stream_seek(handle, position_ms * stream->layout.rate_hz / 1000);
}

static StStatus decoder_apply(void *handle, StStr config) {
    (void)handle;
    (void)config;
    return st_ok();
}

static void decoder_destroy(void *handle) {
    pcm_stream_close(handle);
    free(handle);
}

static const StDecoderInstanceVTable DECODER = {
    .open = decoder_open,
    .get_info = decoder_get_info,
    .get_metadata_json_utf8 = decoder_get_metadata,
    .read_interleaved_f32 = decoder_read,
    .seek_ms = decoder_seek_ms,
    .seek_frame = decoder_seek_frame,
    .instance = {.plan_config_update_json_utf8 = st_plan_hot_apply,
                 .apply_config_update_json_utf8 = decoder_apply,
                 .destroy = decoder_destroy},
};

#define SCORE(extension) \
    { .ext_utf8 = ST_STR(extension), .score = 100 }

static const StDecoderExtScore SCORES[] = {
    SCORE("wav"), SCORE("wave"), SCORE("rf64"), SCORE("bw64"), SCORE("aif"), SCORE("aiff"), SCORE("aifc"),
};

static StStatus create_decoder(StStr type_id, StStr config, StDecoderInstanceRef *out) {
    PcmStream *stream;
    (void)config;
    if (!st_str_equals(type_id, "wav"))
        return st_error(ST_ERROR_INVALID_ARG, "decoder_wav has no type '%.*s'", (int)type_id.len, type_id.ptr);
    stream = calloc(1, sizeof *stream);
    if (stream == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for a WAV decoder");
    memset(out, 0, sizeof *out);
    out->handle = stream;
    out->vtable = &DECODER;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DECODER,
    .type_id_utf8 = ST_STR("wav"),
    .display_name_utf8 = ST_STR("WAV and AIFF"),
    .config_schema_json_utf8 = ST_STR(NO_CONFIG_SCHEMA),
    .default_config_json_utf8 = ST_STR("{}"),
}};

static const char METADATA[] =
    "{\"id\": \"stellatune.decoder.wav\", \"name\": \"WAV and AIFF decoder\", \"api_version\": 6, "
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}";

ST_DEFINE_SCORES("wav", SCORES)
ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {.major = 1}, ST_SCORES,
                 .create_decoder_instance = create_decoder)
