/*
 * plugin.c: the module table of decoder_mpg123 and the decoder functions over MpegStream.
 */
#include <stellatune_sdk.h>
#include "mpeg_stream.h"

#define NO_CONFIG_SCHEMA "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {}}"

static StStatus decoder_open(void *handle, StDecoderOpenArgs args) {
    if (args.io_vtable == NULL || args.io_vtable->read == NULL)
        return st_error(ST_ERROR_INVALID_ARG, "open needs an io table with read");
    return mpeg_stream_open(handle, args.io_vtable, args.io_handle);
}

static StStatus decoder_get_info(void *handle, StDecoderInfo *out) {
    const MpegStream *stream = handle;
    StDecoderInfo info = {0};
    info.spec.sample_rate_hz = stream->rate_hz;
    info.spec.channels = (uint16_t)stream->channels;
    if (stream->input.io->seek) info.flags |= ST_DECODER_FLAG_SEEKABLE;
    if (stream->total_frames) {
        info.total_frames = stream->total_frames;
        info.duration_ms = stream->total_frames * 1000 / stream->rate_hz;
        info.flags |= ST_DECODER_FLAG_HAS_FRAMES | ST_DECODER_FLAG_HAS_DURATION;
    } else if (stream->estimated_ms) {
        info.duration_ms = stream->estimated_ms;
        info.flags |= ST_DECODER_FLAG_HAS_DURATION;
    }
    *out = info;
    return st_ok();
}

static StStatus decoder_get_metadata(void *handle, StStr *out) {
    return tags_tell(&((const MpegStream *)handle)->tags, out);
}

static StStatus decoder_read(void *handle, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof) {
    return mpeg_stream_read(handle, frames, out, out_read, out_eof);
}

static StStatus decoder_seek_frame(void *handle, uint64_t frame, uint64_t *out_landed) {
    StStatus status = mpeg_stream_seek(handle, frame);
    if (status.code == ST_OK) *out_landed = frame;
    return status;
}

static StStatus decoder_seek_ms(void *handle, uint64_t position_ms) {
    const MpegStream *stream = handle;
    if (position_ms > INT64_MAX / stream->rate_hz)
        return st_error(ST_ERROR_INVALID_ARG, "position %llu ms is behind the end", (unsigned long long)position_ms);
    return mpeg_stream_seek(handle, position_ms * stream->rate_hz / 1000);
}

static StStatus decoder_apply(void *handle, StStr config) {
    (void)handle;
    (void)config;
    return st_ok();
}

static void decoder_destroy(void *handle) {
    mpeg_stream_close(handle);
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

#define SCORE(extension, points) \
    { .ext_utf8 = ST_STR(extension), .score = (points) }

static const StDecoderExtScore SCORES[] = {
    SCORE("mp3", 100), SCORE("mp2", 100), SCORE("mp1", 100), SCORE("mpga", 100),
};

static StStatus create_decoder(StStr type_id, StStr config, StDecoderInstanceRef *out) {
    MpegStream *stream;
    (void)config;
    if (!st_str_equals(type_id, "mpg123"))
        return st_error(ST_ERROR_INVALID_ARG, "decoder_mpg123 has no type '%.*s'", (int)type_id.len, type_id.ptr);
    stream = calloc(1, sizeof *stream);
    if (stream == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for an MP3 decoder");
    memset(out, 0, sizeof *out);
    out->handle = stream;
    out->vtable = &DECODER;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DECODER,
    .type_id_utf8 = ST_STR("mpg123"),
    .display_name_utf8 = ST_STR("MP3"),
    .config_schema_json_utf8 = ST_STR(NO_CONFIG_SCHEMA),
    .default_config_json_utf8 = ST_STR("{}"),
}};

static const char METADATA[] =
    "{\"id\": \"stellatune.decoder.mpg123\", \"name\": \"MP3 decoder\", \"api_version\": 6, "
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}";

ST_DEFINE_SCORES("mpg123", SCORES)
ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {.major = 1}, ST_SCORES,
                 .create_decoder_instance = create_decoder)
