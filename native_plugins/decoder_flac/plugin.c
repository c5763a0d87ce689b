/*
 * plugin.c: the module table of decoder_flac and the decoder functions over FlacStream.
 */
#include <stellatune_sdk.h>
#include "flac_stream.h"

#define SCHEMA                                                                                                  \
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"verify_md5\": {\"type\": "       \
    "\"boolean\", \"default\": false, \"title\": \"Compare whole plays with the MD5 of the header\"}}}"
#define DEFAULT_CONFIG "{\"verify_md5\": false}"

static StStatus parse_config(StStr config, int *out_verify) {
    StJson value;
    int verify = 0;
    if (st_json_member(st_json(config), "verify_md5", &value) && !st_json_bool(value, &verify))
        return st_error(ST_ERROR_INVALID_ARG, "flac: verify_md5 is neither true nor false");
    *out_verify = verify;
    return st_ok();
}

static StStatus decoder_open(void *handle, StDecoderOpenArgs args) {
    if (args.io_vtable == NULL || args.io_vtable->read == NULL)
        return st_error(ST_ERROR_INVALID_ARG, "open needs an io table with read");
    return flac_stream_open(handle, args.path_utf8, args.io_vtable, args.io_handle);
}

static StStatus decoder_get_info(void *handle, StDecoderInfo *out) {
    const FlacStream *stream = handle;
    StDecoderInfo info = {0};
    info.spec.sample_rate_hz = stream->rate_hz;
    info.spec.channels = (uint16_t)stream->channels;
    info.bits_per_sample = stream->bits;
    if (stream->io->seek) info.flags |= ST_DECODER_FLAG_SEEKABLE;
    if (stream->bits > 24) info.flags |= ST_DECODER_FLAG_ROUNDED;
    if (stream->total_frames) {
        info.total_frames = stream->total_frames;
        info.duration_ms = stream->total_frames * 1000 / stream->rate_hz;
        info.flags |= ST_DECODER_FLAG_HAS_FRAMES | ST_DECODER_FLAG_HAS_DURATION;
    }
    *out = info;
    return st_ok();
}

static StStatus decoder_get_metadata(void *handle, StStr *out) {
    return tags_tell(&((const FlacStream *)handle)->tags, out);
}

static StStatus decoder_read(void *handle, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof) {
    return flac_stream_read(handle, frames, out, out_read, out_eof);
}

static StStatus decoder_seek_frame(void *handle, uint64_t frame, uint64_t *out_landed) {
    StStatus status = flac_stream_seek(handle, frame);
    if (status.code == ST_OK) *out_landed = frame;
    return status;
}

static StStatus decoder_seek_ms(void *handle, uint64_t position_ms) {
    const FlacStream *stream = handle;
    if (position_ms > INT64_MAX / stream->rate_hz)
        return st_error(ST_ERROR_INVALID_ARG, "position %llu ms is behind the end", (unsigned long long)position_ms);
    return flac_stream_seek(handle, position_ms * stream->rate_hz / 1000);
}

/* libFLAC wants to know before its start, so that another choice takes another instance. */
static StStatus decoder_plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    int verify = 0;
    StStatus parsed = parse_config(config, &verify);
    int same = verify == ((const FlacStream *)handle)->verify_md5;
    st_plan(out_plan, parsed.code ? ST_CONFIG_REJECT : same ? ST_CONFIG_HOT_APPLY : ST_CONFIG_RECREATE,
            same ? ST_CONFIG_COST_LOW : ST_CONFIG_COST_MEDIUM);
    out_plan->reason_utf8 = parsed.message;
    return st_ok();
}

static StStatus decoder_apply(void *handle, StStr config) {
    int verify = 0;
    StStatus parsed = parse_config(config, &verify);
    if (parsed.code != ST_OK || verify == ((const FlacStream *)handle)->verify_md5) return parsed;
    return st_error(ST_ERROR_INVALID_ARG, "flac: verify_md5 is chosen when a decoder is made");
}

static void decoder_destroy(void *handle) {
    flac_stream_close(handle);
    free(handle);
}

static const StDecoderInstanceVTable DECODER = {
    .open = decoder_open,
    .get_info = decoder_get_info,
    .get_metadata_json_utf8 = decoder_get_metadata,
    .read_interleaved_f32 = decoder_read,
    .seek_ms = decoder_seek_ms,
    .seek_frame = decoder_seek_frame,
    .instance = {.plan_config_update_json_utf8 = decoder_plan,
                 .apply_config_update_json_utf8 = decoder_apply,
                 .destroy = decoder_destroy},
};

static const StDecoderExtScore SCORES[] = {{.ext_utf8 = ST_STR("flac"), .score = 100}};

static StStatus create_decoder(StStr type_id, StStr config, StDecoderInstanceRef *out) {
    FlacStream *stream;
    StStatus parsed;
    int verify = 0;
    if (!st_str_equals(type_id, "flac"))
        return st_error(ST_ERROR_INVALID_ARG, "decoder_flac has no type '%.*s'", (int)type_id.len, type_id.ptr);
    parsed = parse_config(config, &verify);
    if (parsed.code != ST_OK) return parsed;
    stream = calloc(1, sizeof *stream);
    if (stream == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for a FLAC decoder");
    stream->verify_md5 = verify;
    memset(out, 0, sizeof *out);
    out->handle = stream;
    out->vtable = &DECODER;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DECODER,
    .type_id_utf8 = ST_STR("flac"),
    .display_name_utf8 = ST_STR("FLAC"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULT_CONFIG),
}};

static const char METADATA[] =
    "{\"id\": \"stellatune.decoder.flac\", \"name\": \"FLAC decoder\", \"api_version\": 6, "
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}";

ST_DEFINE_SCORES("flac", SCORES)
ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {.major = 1}, ST_SCORES,
                 .create_decoder_instance = create_decoder)
