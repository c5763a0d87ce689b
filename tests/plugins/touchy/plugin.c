/*
 * touchy: a decoder and an effect that certain frames of numbered audio kill, each time that they come by.
 *
 * The decoder reads {"rate": 44100, "channels": 2, "frames": 441000, "deadly": [200000, 200001]} and numbers its frames
 * as native_plugins/fault does; the deadly ones are those from the first up to, not including, the second. The effect
 * halves what it hears; its config is {"deadly": [200000, 200001]}. Other decoders of such texts know no deadly frames.
 * Of its tags it tells what the text holds as "tags", as it stands there; asked for "die" it dies, for "refuse" it refuses.
 */
#include <stellatune_sdk.h>

#define TEXT_BYTES 1024

typedef struct Deadly {
    double from, to;
} Deadly;

typedef struct Decoder {
    uint32_t rate_hz, channels;
    uint64_t frames, at;
    Deadly deadly;
    char tags[TEXT_BYTES];
} Decoder;

typedef struct Effect {
    uint32_t channels;
    Deadly deadly;
} Effect;

static volatile int *volatile wild = (volatile int *)8;

static __attribute__((noinline, noclone)) void die_of_it(void) { *wild = 1; }

static void hear(Deadly deadly, double frame) {
    if (frame >= deadly.from && frame < deadly.to) die_of_it();
}

static Deadly deadly_frames(StJson json) {
    Deadly deadly = {0, 0};
    StJson list, first, second;
    if (st_json_member(json, "deadly", &list) && st_json_item(list, 0, &first) && st_json_item(list, 1, &second)) {
        st_json_number(first, &deadly.from);
        st_json_number(second, &deadly.to);
    }
    return deadly;
}

static StStatus open_text(void *handle, StDecoderOpenArgs args) {
    Decoder *d = handle;
    uint8_t text[TEXT_BYTES];
    size_t len = 0, got = 1;
    StJson json, tags;
    while (got > 0 && len < TEXT_BYTES) {
        StStatus status = args.io_vtable->read(args.io_handle, text + len, TEXT_BYTES - len, &got);
        if (status.code != ST_OK) return status;
        len += got;
    }
    json = st_json((StStr){(const char *)text, len});
    d->rate_hz = (uint32_t)st_json_number_or(json, "rate", 44100);
    d->channels = (uint32_t)st_json_number_or(json, "channels", 2);
    d->frames = (uint64_t)st_json_number_or(json, "frames", 0);
    d->deadly = deadly_frames(json);
    if (st_json_member(json, "tags", &tags)) st_json_string(tags, d->tags, sizeof d->tags, NULL);
    return st_ok();
}

static StStatus get_tags(void *handle, StStr *out) {
    const Decoder *d = handle;
    size_t len = strlen(d->tags);
    char *copy = malloc(len + 1);
    if (strcmp(d->tags, "die") == 0) die_of_it();
    if (copy == NULL || strcmp(d->tags, "refuse") == 0) {
        free(copy);
        return st_error(ST_ERROR_DECODE, "these tags are nobody's business");
    }
    memcpy(copy, d->tags, len + 1);
    *out = (StStr){copy, len};
    return st_ok();
}

static StStatus get_info(void *handle, StDecoderInfo *out) {
    const Decoder *d = handle;
    memset(out, 0, sizeof *out);
    out->spec.sample_rate_hz = d->rate_hz;
    out->spec.channels = (uint16_t)d->channels;
    out->total_frames = d->frames;
    out->duration_ms = d->frames * 1000 / d->rate_hz;
    out->flags = ST_DECODER_FLAG_SEEKABLE | ST_DECODER_FLAG_HAS_DURATION | ST_DECODER_FLAG_HAS_FRAMES;
    return st_ok();
}

static StStatus read_frames(void *handle, uint32_t frames, float *out, uint32_t *out_frames, uint8_t *out_eof) {
    Decoder *d = handle;
    uint32_t given = d->frames - d->at < frames ? (uint32_t)(d->frames - d->at) : frames;
    for (uint32_t f = 0; f < given; f++) {
        hear(d->deadly, (double)(d->at + f));
        for (uint32_t c = 0; c < d->channels; c++) out[(size_t)f * d->channels + c] = (float)(d->at + f);
    }
    d->at += given;
    *out_frames = given;
    *out_eof = d->at == d->frames;
    return st_ok();
}

static StStatus seek_frame(void *handle, uint64_t frame, uint64_t *out_landed) {
    ((Decoder *)handle)->at = *out_landed = frame;
    return st_ok();
}

static StStatus process(void *handle, float *samples, uint32_t frames) {
    const Effect *e = handle;
    for (size_t i = 0; i < (size_t)frames * e->channels; i++) {
        hear(e->deadly, samples[i]);
        samples[i] /= 2;
    }
    return st_ok();
}

static uint32_t layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static void destroy(void *handle) { free(handle); }

static const StDecoderInstanceVTable DECODER = {
    .open = open_text,
    .get_info = get_info,
    .get_metadata_json_utf8 = get_tags,
    .read_interleaved_f32 = read_frames,
    .seek_frame = seek_frame,
    .instance = {.destroy = destroy},
};

static const StDspInstanceVTable EFFECT = {
    .process_interleaved_f32_in_place = process,
    .supported_layouts = layouts,
    .instance = {.destroy = destroy},
};

static StStatus create_decoder(StStr type_id, StStr config, StDecoderInstanceRef *out) {
    Decoder *decoder = calloc(1, sizeof *decoder);
    (void)type_id;
    (void)config;
    if (decoder == NULL) return st_error(ST_ERROR_INTERNAL, "no memory");
    memset(out, 0, sizeof *out);
    out->handle = decoder;
    out->vtable = &DECODER;
    return st_ok();
}

static StStatus create_effect(StStr type_id, uint32_t rate, uint16_t channels, StStr config, StDspInstanceRef *out) {
    Effect *effect = calloc(1, sizeof *effect);
    (void)type_id;
    (void)rate;
    if (effect == NULL) return st_error(ST_ERROR_INTERNAL, "no memory");
    effect->channels = channels;
    effect->deadly = deadly_frames(st_json(config));
    memset(out, 0, sizeof *out);
    out->handle = effect;
    out->vtable = &EFFECT;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {
    {
        .kind = ST_CAPABILITY_DECODER,
        .type_id_utf8 = ST_STR("touchy"),
        .display_name_utf8 = ST_STR("Touchy decoder"),
        .config_schema_json_utf8 = ST_STR("{\"type\": \"object\"}"),
        .default_config_json_utf8 = ST_STR("{}"),
    },
    {
        .kind = ST_CAPABILITY_DSP,
        .type_id_utf8 = ST_STR("touchy"),
        .display_name_utf8 = ST_STR("Touchy effect"),
        .config_schema_json_utf8 = ST_STR("{\"type\": \"object\"}"),
        .default_config_json_utf8 = ST_STR("{}"),
    },
};

static const StDecoderExtScore SCORES[] = {{.ext_utf8 = ST_STR("frames"), .score = 200}};

ST_DEFINE_SCORES("touchy", SCORES)

ST_DEFINE_MODULE("{\"id\": \"test.touchy\", \"name\": \"Touchy\", \"api_version\": 6, \"version\": {\"major\": 1, "
                 "\"minor\": 0, \"patch\": 0}}",
                 CAPABILITIES, .plugin_version = {1, 0, 0, 0}, ST_SCORES, .create_decoder_instance = create_decoder,
                 .create_dsp_instance = create_effect)
