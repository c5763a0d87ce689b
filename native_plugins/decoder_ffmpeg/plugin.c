/*
 * plugin.c: the module table of decoder_ffmpeg and the decoder functions over Track.
 */
#include <libavutil/mem.h>
#include <stellatune_sdk.h>

#include "log.h"
#include "seek.h"
#include "tags.h"
#include "track.h"

#define NO_CONFIG_SCHEMA "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {}}"
/* What one block of memory inside libav* may take, whatever a file claims. */
#define MAX_BLOCK_BYTES ((size_t)256 << 20)

static StStatus decoder_open(void *handle, StDecoderOpenArgs args) {
    Track *track = handle;
    StStatus status;
    if (args.io_vtable == NULL || args.io_vtable->read == NULL)
        return st_error(ST_ERROR_INVALID_ARG, "open needs an io table with read");
    log_begin_portion();
    status = track_open(track, args);
    if (status.code == ST_OK && track->is_rounded)
        st_log(ST_LOG_INFO, "%u bit samples are rounded to float32, which holds 24", track->bits);
    return status;
}

static StStatus decoder_get_info(void *handle, StDecoderInfo *out) {
    const Track *track = handle;
    int64_t duration = track->input.format ? track->input.format->duration : AV_NOPTS_VALUE;
    StDecoderInfo info = {0};
    info.spec.sample_rate_hz = track->rate_hz;
    info.spec.channels = (uint16_t)track->channels;
    info.bits_per_sample = track->bits;
    if (track->input.io->seek) info.flags |= ST_DECODER_FLAG_SEEKABLE;
    if (track->is_rounded) info.flags |= ST_DECODER_FLAG_ROUNDED;
    if (track->end_frame > 0) {
        info.duration_ms = track->end_frame * 1000 / track->rate_hz;
        info.flags |= ST_DECODER_FLAG_HAS_DURATION;
    } else if (duration != AV_NOPTS_VALUE && duration > 0) {
        info.duration_ms = (uint64_t)duration * 1000 / AV_TIME_BASE;
        info.flags |= ST_DECODER_FLAG_HAS_DURATION;
    }
    if (track->end_frame > 0 && track->is_lossless) {
        info.total_frames = track->end_frame;
        info.flags |= ST_DECODER_FLAG_HAS_FRAMES;
    }
    *out = info;
    return st_ok();
}

static StStatus decoder_get_metadata(void *handle, StStr *out) {
    Track *track = handle;
    if (track->stream == NULL) return st_error(ST_ERROR_DECODE, "the last seek could not open the file again");
    return container_tags(&track->input, track->stream, out);
}

static StStatus decoder_read(void *handle, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof) {
    return seek_read(handle, frames, out, out_read, out_eof);
}

static StStatus decoder_seek_frame(void *handle, uint64_t frame, uint64_t *out_landed) {
    StStatus status = seek_exactly(handle, frame);
    if (status.code == ST_OK) *out_landed = frame;
    return status;
}

static StStatus decoder_seek_ms(void *handle, uint64_t position_ms) {
    const Track *track = handle;
    if (position_ms > INT64_MAX / TRACK_MAX_RATE_HZ)
        return st_error(ST_ERROR_INVALID_ARG, "position %llu ms is behind the end", (unsigned long long)position_ms);
    return seek_about(handle, position_ms * track->rate_hz / 1000);
}

static StStatus decoder_apply(void *handle, StStr config) {
    (void)handle;
    (void)config;
    return st_ok();
}

static void decoder_destroy(void *handle) {
    track_close(handle);
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
    SCORE("m4a", 60), SCORE("m4b", 60), SCORE("m4r", 60), SCORE("mp4", 60), SCORE("aac", 60), SCORE("adts", 60),
    SCORE("alac", 60), SCORE("wma", 60), SCORE("asf", 60), SCORE("ape", 60), SCORE("wv", 60), SCORE("tta", 60),
    SCORE("dsf", 60), SCORE("dff", 60), SCORE("mka", 60), SCORE("mkv", 60), SCORE("webm", 60), SCORE("weba", 60),
    SCORE("mov", 60), SCORE("3gp", 60), SCORE("3g2", 60), SCORE("ac3", 60), SCORE("eac3", 60), SCORE("dts", 60),
    SCORE("dtshd", 60), SCORE("thd", 60), SCORE("mlp", 60), SCORE("tak", 60), SCORE("mpc", 60), SCORE("shn", 60),
    SCORE("amr", 60), SCORE("ra", 60), SCORE("rm", 60), SCORE("oma", 60), SCORE("spx", 60), SCORE("mod", 60),
    SCORE("xm", 60), SCORE("it", 60), SCORE("s3m", 60), SCORE("stm", 60), SCORE("mtm", 60), SCORE("med", 60),
    SCORE("okt", 60), SCORE("mptm", 60), SCORE("nsf", 60), SCORE("spc", 60), SCORE("vgm", 60), SCORE("gbs", 60),
    SCORE("*", 1),
};

static StStatus create_decoder(StStr type_id, StStr config, StDecoderInstanceRef *out) {
    Track *track;
    (void)config;
    if (!st_str_equals(type_id, "ffmpeg"))
        return st_error(ST_ERROR_INVALID_ARG, "decoder_ffmpeg has no type '%.*s'", (int)type_id.len, type_id.ptr);
    track = calloc(1, sizeof *track);
    if (track == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for an FFmpeg decoder");
    log_redirect();
    av_max_alloc(MAX_BLOCK_BYTES);
    memset(out, 0, sizeof *out);
    out->handle = track;
    out->vtable = &DECODER;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DECODER,
    .type_id_utf8 = ST_STR("ffmpeg"),
    .display_name_utf8 = ST_STR("FFmpeg"),
    .config_schema_json_utf8 = ST_STR(NO_CONFIG_SCHEMA),
    .default_config_json_utf8 = ST_STR("{}"),
}};

static const char METADATA[] =
    "{\"id\": \"stellatune.decoder.ffmpeg\", \"name\": \"FFmpeg decoder\", \"api_version\": 6, "
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}";

ST_DEFINE_SCORES("ffmpeg", SCORES)
ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {.major = 1}, ST_SCORES,
                 .create_decoder_instance = create_decoder)
