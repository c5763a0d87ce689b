/*
 * decoder.c: frame-numbered audio, as long as a tiny JSON text says, and faults on the way.
 *
 * The media is {"rate": 44100, "channels": 2, "frames": 441000}, with an order as "fault" where the configuration has
 * none. Anything else is refused as no input for this decoder.
 */
#include "conduct.h"
#include "types.h"
#include "numbering.h"

#define MEDIA_BYTES 8192
#define MAX_CHANNELS 32
#define MAX_RATE_HZ 768000
#define PHASES                                                                                                   \
    (PHASE_BIT(PHASE_OPEN) | PHASE_BIT(PHASE_READ) | PHASE_BIT(PHASE_SEEK) | STATE_PHASES)

typedef struct Decoder {
    Conduct conduct;
    uint32_t rate_hz, channels;
    uint64_t frames, at;
} Decoder;

/* The whole input, if it is as short as such a text is. */
static StStatus read_media(const StDecoderOpenArgs *args, char *text, size_t *out_len) {
    size_t len = 0, got = 1;
    while (got > 0 && len < MEDIA_BYTES) {
        StStatus status = args->io_vtable->read(args->io_handle, (uint8_t *)text + len, MEDIA_BYTES - len, &got);
        if (status.code != ST_OK) return status;
        len += got;
    }
    *out_len = len;
    return st_ok();
}

static StStatus open_media(void *handle, StDecoderOpenArgs args) {
    Decoder *d = handle;
    char text[MEDIA_BYTES];
    size_t len;
    StJson media, order = {NULL, NULL};
    double rate, channels, frames;
    StStatus status = read_media(&args, text, &len);
    if (status.code != ST_OK) return status;
    media = st_json((StStr){text, len});
    rate = st_json_number_or(media, "rate", 44100);
    channels = st_json_number_or(media, "channels", 2);
    frames = st_json_number_or(media, "frames", -1);
    if (len == MEDIA_BYTES || frames < 0 || frames > (double)NUMBERED_FRAMES || rate < 1 || rate > MAX_RATE_HZ ||
        channels < 1 || channels > MAX_CHANNELS)
        return st_error(ST_ERROR_UNSUPPORTED, "not a text like {\"rate\": 44100, \"channels\": 2, \"frames\": 441000}");
    d->rate_hz = (uint32_t)rate;
    d->channels = (uint32_t)channels;
    d->frames = (uint64_t)frames;
    st_json_member(media, "fault", &order);
    status = trigger_set_later(&d->conduct.trigger, order, PHASES | COMMON_PHASES);
    if (status.code == ST_OK) trigger_call(&d->conduct.trigger, PHASE_OPEN, NULL);
    return status;
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
        float number = frame_number(d->at + f);
        for (uint32_t c = 0; c < d->channels; c++) out[(size_t)f * d->channels + c] = number;
    }
    d->at += given;
    *out_frames = given;
    *out_eof = d->at == d->frames;
    trigger_call(&d->conduct.trigger, PHASE_READ,
                 &(Site){.samples = out, .frames = frames, .channels = d->channels, .count = out_frames});
    return st_ok();
}

static StStatus seek_frame(void *handle, uint64_t frame, uint64_t *out_landed) {
    Decoder *d = handle;
    if (frame > d->frames)
        return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%llu frames)", (unsigned long long)frame,
                        (unsigned long long)d->frames);
    d->at = *out_landed = frame;
    trigger_call(&d->conduct.trigger, PHASE_SEEK, &(Site){.landed = out_landed});
    return st_ok();
}

static const StDecoderInstanceVTable VTABLE = {
    .open = open_media,
    .get_info = get_info,
    .read_interleaved_f32 = read_frames,
    .seek_frame = seek_frame,
    .instance = CONDUCT_HOOKS,
};

StStatus create_decoder(StStr type_id, StStr config, StDecoderInstanceRef *out_instance) {
    Decoder *d;
    StStatus set;
    if (!st_str_equals(type_id, "fault")) return st_error(ST_ERROR_INVALID_ARG, "fault: no such decoder type here");
    d = calloc(1, sizeof *d);
    if (d == NULL) return st_error(ST_ERROR_INTERNAL, "fault: out of memory");
    set = conduct_begin(&d->conduct, config, PHASES);
    if (set.code != ST_OK) {
        free(d);
        return set;
    }
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = d;
    out_instance->vtable = &VTABLE;
    trigger_call(&d->conduct.trigger, PHASE_CREATE, NULL);
    return set;
}
