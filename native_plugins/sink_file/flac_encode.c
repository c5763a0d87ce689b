/*
 * flac_encode.c: libFLAC between pread and pwrite, a block at a time.
 */
#include "flac_encode.h"

#include <FLAC/stream_encoder.h>
#include <stellatune_sdk.h>

#define BLOCK_FRAMES 4096u
#define COMPRESSION_LEVEL 5u

typedef struct Encoding {
    const Recording *recording;
    uint64_t to;     /* file offset of the stream */
    uint64_t cursor; /* offset within the stream */
    uint64_t length;
    StStatus error; /* of the write that failed */
    FLAC__StreamEncoder *encoder;
    uint8_t raw[BLOCK_FRAMES * RECORDING_MAX_CHANNELS * 3];
    int32_t samples[BLOCK_FRAMES * RECORDING_MAX_CHANNELS];
} Encoding;

static FLAC__StreamEncoderWriteStatus on_write(const FLAC__StreamEncoder *encoder, const FLAC__byte bytes[],
                                               size_t count, uint32_t samples, uint32_t frame, void *client) {
    Encoding *e = client;
    (void)encoder;
    (void)samples;
    (void)frame;
    if (e->error.code == ST_OK) e->error = file_write(&e->recording->file, e->to + e->cursor, bytes, count);
    if (e->error.code != ST_OK) return FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
    e->cursor += count;
    if (e->cursor > e->length) e->length = e->cursor;
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

static FLAC__StreamEncoderSeekStatus on_seek(const FLAC__StreamEncoder *encoder, FLAC__uint64 offset, void *client) {
    (void)encoder;
    ((Encoding *)client)->cursor = offset;
    return FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
}

static FLAC__StreamEncoderTellStatus on_tell(const FLAC__StreamEncoder *encoder, FLAC__uint64 *offset, void *client) {
    (void)encoder;
    *offset = ((Encoding *)client)->cursor;
    return FLAC__STREAM_ENCODER_TELL_STATUS_OK;
}

/* The write's own error if there was one, else what the encoder says. */
static StStatus encoder_failed(Encoding *e) {
    StStatus error = e->error;
    e->error = st_ok();
    if (error.code != ST_OK) return error;
    return st_error(ST_ERROR_INTERNAL, "cannot encode %s: %s", e->recording->file.shown_path,
                    FLAC__StreamEncoderStateString[FLAC__stream_encoder_get_state(e->encoder)]);
}

static StStatus begin(Encoding *e) {
    const Recording *r = e->recording;
    FLAC__StreamEncoder *encoder = e->encoder;
    int ok = FLAC__stream_encoder_set_channels(encoder, r->spec.channels) &&
             FLAC__stream_encoder_set_bits_per_sample(encoder, format_bytes(r->format) * 8) &&
             FLAC__stream_encoder_set_sample_rate(encoder, r->spec.sample_rate_hz) &&
             FLAC__stream_encoder_set_compression_level(encoder, COMPRESSION_LEVEL) &&
             FLAC__stream_encoder_set_total_samples_estimate(encoder, r->frames) &&
             FLAC__stream_encoder_set_streamable_subset(
                 encoder, FLAC__format_sample_rate_is_subset(r->spec.sample_rate_hz));
    if (ok)
        ok = FLAC__stream_encoder_init_stream(encoder, on_write, on_seek, on_tell, NULL, e) ==
             FLAC__STREAM_ENCODER_INIT_STATUS_OK;
    return ok ? st_ok() : encoder_failed(e);
}

static StStatus feed(Encoding *e, CancelPoll cancelled) {
    const Recording *r = e->recording;
    uint32_t frame_bytes = recording_frame_bytes(r), channels = r->spec.channels;
    for (uint64_t at = 0; at < r->frames; at += BLOCK_FRAMES) {
        uint32_t now = r->frames - at < BLOCK_FRAMES ? (uint32_t)(r->frames - at) : BLOCK_FRAMES;
        uint64_t offset = r->container->data_offset + at * frame_bytes;
        StStatus read;
        if (cancelled()) return st_error(ST_ERROR_CANCELLED, "completing %s was cancelled", r->file.shown_path);
        read = file_read(&r->file, offset, e->raw, (size_t)now * frame_bytes);
        if (read.code != ST_OK) return read;
        format_unpack(r->format, e->raw, (size_t)now * channels, e->samples);
        if (!FLAC__stream_encoder_process_interleaved(e->encoder, e->samples, now)) return encoder_failed(e);
    }
    return FLAC__stream_encoder_finish(e->encoder) ? st_ok() : encoder_failed(e);
}

StStatus flac_encode(const Recording *recording, uint64_t to, uint64_t *out_length, CancelPoll cancelled) {
    Encoding *e = calloc(1, sizeof *e);
    StStatus done;
    if (e != NULL) e->encoder = FLAC__stream_encoder_new();
    if (e == NULL || e->encoder == NULL) {
        free(e);
        return st_error(ST_ERROR_INTERNAL, "cannot encode %s: out of memory", recording->file.shown_path);
    }
    e->recording = recording;
    e->to = to;
    done = begin(e);
    if (done.code == ST_OK) done = feed(e, cancelled);
    if (done.code == ST_OK) *out_length = e->length;
    FLAC__stream_encoder_delete(e->encoder); /* may try to write once more; the first error is already told */
    st_plugin_free((void *)e->error.message.ptr, e->error.message.len, 1);
    free(e);
    return done;
}
