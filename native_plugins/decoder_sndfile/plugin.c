/*
 * plugin.c: the module table of decoder_sndfile and the decoder functions over Sound.
 */
#include <stellatune_tagset.h>
#include "sound.h"

#define SCHEMA                                                                                              \
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"clip\": {\"type\": "         \
    "\"boolean\", \"default\": false, \"title\": \"Limit decoded samples to -1..1\"}}}"
#define DEFAULT_CONFIG "{\"clip\": false}"

static StStatus parse_config(StStr config, int *out_clip) {
    StJson value;
    int clip = 0;
    if (st_json_member(st_json(config), "clip", &value) && !st_json_bool(value, &clip))
        return st_error(ST_ERROR_INVALID_ARG, "sndfile: clip is neither true nor false");
    *out_clip = clip;
    return st_ok();
}

static StStatus decoder_open(void *handle, StDecoderOpenArgs args) {
    Sound *sound = handle;
    StStatus status;
    if (args.io_vtable == NULL || args.io_vtable->read == NULL)
        return st_error(ST_ERROR_INVALID_ARG, "open needs an io table with read");
    status = sound_open(sound, args.io_vtable, args.io_handle);
    if (status.code == ST_OK && sound_bits(sound) > 24 && (sound->info.format & SF_FORMAT_SUBMASK) != SF_FORMAT_FLOAT)
        st_log(ST_LOG_INFO, "%u bit samples are rounded to float32, which holds 24", sound_bits(sound));
    return status;
}

static StStatus decoder_get_info(void *handle, StDecoderInfo *out) {
    const Sound *sound = handle;
    StDecoderInfo info = {0};
    uint64_t rate_hz = (uint64_t)sound->info.samplerate;
    info.spec.sample_rate_hz = (uint32_t)rate_hz;
    info.spec.channels = (uint16_t)sound->info.channels;
    info.bits_per_sample = sound_bits(sound);
    info.flags = ST_DECODER_FLAG_SEEKABLE;
    if (info.bits_per_sample > 24 && (sound->info.format & SF_FORMAT_SUBMASK) != SF_FORMAT_FLOAT)
        info.flags |= ST_DECODER_FLAG_ROUNDED;
    if (sound->info.frames > 0 && sound->info.frames < INT64_MAX / 1000) {
        info.duration_ms = (uint64_t)sound->info.frames * 1000 / rate_hz;
        info.flags |= ST_DECODER_FLAG_HAS_DURATION;
    }
    if (sound_knows_length(sound)) {
        info.total_frames = (uint64_t)sound->info.frames;
        info.flags |= ST_DECODER_FLAG_HAS_FRAMES;
    }
    *out = info;
    return st_ok();
}

static StStatus decoder_get_metadata(void *handle, StStr *out) {
    static const struct {
        int field;
        TagName tag;
    } rules[] = {
        {SF_STR_TITLE, TAG_TITLE}, {SF_STR_ARTIST, TAG_ARTIST},     {SF_STR_ALBUM, TAG_ALBUM},
        {SF_STR_DATE, TAG_DATE},   {SF_STR_TRACKNUMBER, TAG_TRACK}, {SF_STR_GENRE, TAG_GENRE},
    };
    const Sound *sound = handle;
    Tags tags = {0};
    StStatus status;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const char *text = sound->file ? sf_get_string(sound->file, rules[i].field) : NULL;
        if (text) tags_add_legacy(&tags, rules[i].tag, 0, text, strlen(text));
    }
    status = tags_tell(&tags, out);
    tags_free(&tags);
    return status;
}

static StStatus decoder_read(void *handle, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof) {
    return sound_read(handle, frames, out, out_read, out_eof);
}

static StStatus decoder_seek_frame(void *handle, uint64_t frame, uint64_t *out_landed) {
    StStatus status = sound_seek_exactly(handle, frame);
    if (status.code == ST_OK) *out_landed = frame;
    return status;
}

static StStatus decoder_seek_ms(void *handle, uint64_t position_ms) {
    const Sound *sound = handle;
    uint64_t rate_hz = (uint64_t)sound->info.samplerate;
    if (position_ms > INT64_MAX / rate_hz)
        return st_error(ST_ERROR_INVALID_ARG, "position %llu ms is behind the end", (unsigned long long)position_ms);
    return sound_seek_about(handle, position_ms * rate_hz / 1000);
}

static StStatus decoder_plan(void *handle, StStr config, StConfigUpdatePlan *out_plan) {
    int ignored;
    StStatus parsed = parse_config(config, &ignored);
    (void)handle;
    st_plan(out_plan, parsed.code ? ST_CONFIG_REJECT : ST_CONFIG_HOT_APPLY, ST_CONFIG_COST_LOW);
    out_plan->reason_utf8 = parsed.message;
    return st_ok();
}

/* From the next read on; what was decoded before stays as it is. */
static StStatus decoder_apply(void *handle, StStr config) {
    return parse_config(config, &((Sound *)handle)->clip);
}

static void decoder_destroy(void *handle) {
    sound_close(handle);
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

#define SCORE(extension, points) \
    { .ext_utf8 = ST_STR(extension), .score = (points) }

static const StDecoderExtScore SCORES[] = {
    SCORE("mp3", 50),  SCORE("ogg", 50),   SCORE("oga", 50),  SCORE("opus", 50), SCORE("au", 50),   SCORE("snd", 50),
    SCORE("caf", 50),  SCORE("w64", 50),   SCORE("voc", 50),  SCORE("mp2", 40),  SCORE("nist", 40), SCORE("sph", 40),
    SCORE("htk", 40),  SCORE("ircam", 40), SCORE("sf", 40),   SCORE("paf", 40),  SCORE("svx", 40),  SCORE("iff", 40),
    SCORE("mat", 30),  SCORE("pvf", 30),   SCORE("sds", 30),  SCORE("avr", 30),  SCORE("wve", 30),  SCORE("xi", 30),
    SCORE("rf64", 20), SCORE("wav", 20),   SCORE("wave", 20), SCORE("aif", 20),  SCORE("aiff", 20), SCORE("aifc", 20),
    SCORE("flac", 20), SCORE("*", 2),
};

static StStatus create_decoder(StStr type_id, StStr config, StDecoderInstanceRef *out) {
    Sound *sound;
    StStatus parsed;
    int clip = 0;
    if (!st_str_equals(type_id, "sndfile"))
        return st_error(ST_ERROR_INVALID_ARG, "decoder_sndfile has no type '%.*s'", (int)type_id.len, type_id.ptr);
    parsed = parse_config(config, &clip);
    if (parsed.code != ST_OK) return parsed;
    sound = calloc(1, sizeof *sound);
    if (sound == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for a libsndfile decoder");
    sound->clip = clip;
    memset(out, 0, sizeof *out);
    out->handle = sound;
    out->vtable = &DECODER;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {{
    .kind = ST_CAPABILITY_DECODER,
    .type_id_utf8 = ST_STR("sndfile"),
    .display_name_utf8 = ST_STR("libsndfile"),
    .config_schema_json_utf8 = ST_STR(SCHEMA),
    .default_config_json_utf8 = ST_STR(DEFAULT_CONFIG),
}};

static const char METADATA[] =
    "{\"id\": \"stellatune.decoder.sndfile\", \"name\": \"libsndfile decoder\", \"api_version\": 6, "
    "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}, \"licence\": \"MIT\"}";

ST_DEFINE_SCORES("sndfile", SCORES)
ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {.major = 1}, ST_SCORES,
                 .create_decoder_instance = create_decoder)
