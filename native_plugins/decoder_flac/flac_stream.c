/*
 * flac_stream.c: drives libFLAC and puts its blocks on one line of frames.
 */
#include "flac_stream.h"

#include <math.h>

#include <stellatune_sdk.h>
#include "flac_input.h"

/* Blocks are at most this long (RFC 9639, section 9.1.1). */
#define MAX_BLOCK_FRAMES 65536u
/* Longer holes than this, in a file of unknown length, are taken for a new numbering. */
#define MAX_HOLE_SECONDS 10u

ST_SDK_PRINTF(3, 4) static void fail(FlacStream *stream, int32_t code, const char *format, ...) {
    va_list args;
    stream->failure = code;
    va_start(args, format);
    vsnprintf(stream->failure_text, sizeof stream->failure_text, format, args);
    va_end(args);
}

static StStatus failure_status(const FlacStream *stream) {
    return st_error(stream->failure, "%s", stream->failure_text);
}

/* Integer samples to floats of -1..1: multiplied by 2^(bits-1) they are the integers again, up to 24 bit exactly. */
static void interleave(const FlacStream *stream, const FLAC__int32 *const buffer[], uint32_t bits, uint32_t skip,
                       uint32_t frames, float *out) {
    float scale = ldexpf(1.0f, 1 - (int)bits);
    uint32_t channels = stream->channels;
    if (channels == 2) {
        const FLAC__int32 *left = buffer[0] + skip, *right = buffer[1] + skip;
        for (uint32_t i = 0; i < frames; i++) {
            out[2 * i] = (float)left[i] * scale;
            out[2 * i + 1] = (float)right[i] * scale;
        }
        return;
    }
    for (uint32_t c = 0; c < channels; c++) {
        const FLAC__int32 *in = buffer[c] + skip;
        for (uint32_t i = 0; i < frames; i++) out[(size_t)i * channels + c] = (float)in[i] * scale;
    }
}

/* Where the block stands on our line. A far jump in a file of unknown length is taken for a new numbering. */
static uint64_t place_block(FlacStream *stream, uint64_t number) {
    if (!stream->has_offset) {
        stream->number_offset = stream->damage_count ? 0 : number;
        stream->has_offset = 1;
    }
    if (number < stream->number_offset) return UINT64_MAX;
    number -= stream->number_offset;
    if (!stream->seeking && stream->total_frames == 0 && number > stream->next_frame &&
        number - stream->next_frame > (uint64_t)stream->rate_hz * MAX_HOLE_SECONDS) {
        stream->number_offset += number - stream->next_frame;
        number = stream->next_frame;
    }
    return number;
}

static FLAC__StreamDecoderWriteStatus on_block(const FLAC__StreamDecoder *decoder, const FLAC__Frame *frame,
                                               const FLAC__int32 *const buffer[], void *client) {
    FlacStream *stream = client;
    uint32_t frames = frame->header.blocksize, skip, direct = 0;
    uint64_t at;
    (void)decoder;
    if (frame->header.sample_rate != stream->rate_hz || frame->header.channels != stream->channels) {
        fail(stream, ST_ERROR_DECODE,
             "the format changes at frame %llu, from %u Hz, %u channels to %u Hz, %u channels; split the file there",
             (unsigned long long)stream->next_frame, stream->rate_hz, stream->channels, frame->header.sample_rate,
             frame->header.channels);
        return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
    }
    at = place_block(stream, frame->header.number.sample_number);
    if (at == UINT64_MAX || frames > MAX_BLOCK_FRAMES) return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
    if (stream->total_frames) {
        if (at >= stream->total_frames) return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
        if (frames > stream->total_frames - at) frames = (uint32_t)(stream->total_frames - at);
    }
    if (at + frames > stream->decoded_end) stream->decoded_end = at + frames;
    if (at + frames <= stream->next_frame) return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
    skip = at < stream->next_frame ? (uint32_t)(stream->next_frame - at) : 0;
    frames -= skip;
    /* libFLAC gives several blocks in one step only to fill a hole: all but the last are silence. */
    if (!stream->seeking && (stream->pending_frames > 0 || at > stream->next_frame)) stream->step_lost = 1;
    stream->silent_frames += stream->pending_frames;
    if (at > stream->next_frame) stream->silent_frames += at - stream->next_frame;
    if (stream->step_damaged) {
        /* What libFLAC gives here is its own filling, half a block, or whole: it does not say. */
        stream->pending_frames = 0;
        stream->silent_frames += frames;
        stream->next_frame = at + skip + frames;
        return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
    }
    if (stream->silent_frames == 0 && stream->room_frames > 0) {
        direct = frames < stream->room_frames ? frames : stream->room_frames;
        interleave(stream, buffer, frame->header.bits_per_sample, skip, direct, stream->out);
        stream->given_frames = direct;
        stream->room_frames = 0;
    }
    stream->pending_at = 0;
    stream->pending_frames = frames - direct;
    interleave(stream, buffer, frame->header.bits_per_sample, skip + direct, frames - direct, stream->pending);
    stream->next_frame = at + skip + frames;
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

static void on_metadata(const FLAC__StreamDecoder *decoder, const FLAC__StreamMetadata *block, void *client) {
    FlacStream *stream = client;
    (void)decoder;
    if (block->type == FLAC__METADATA_TYPE_STREAMINFO && !stream->has_format) {
        const FLAC__StreamMetadata_StreamInfo *info = &block->data.stream_info;
        stream->has_format = 1;
        stream->rate_hz = info->sample_rate;
        stream->channels = info->channels;
        stream->bits = info->bits_per_sample;
        stream->total_frames = info->total_samples;
        stream->max_block_frames = info->max_blocksize;
    }
}

static void on_damage(const FLAC__StreamDecoder *decoder, FLAC__StreamDecoderErrorStatus error, void *client) {
    FlacStream *stream = client;
    uint64_t count = ++stream->damage_count;
    (void)decoder;
    stream->step_damaged = 1;
    stream->step_lost = 1;
    if (stream->has_format && (count & (count - 1)) == 0)
        st_log(ST_LOG_WARN, "damaged FLAC data near frame %llu (%s), %llu so far; lost frames become silence",
                   (unsigned long long)stream->decoded_end, FLAC__StreamDecoderErrorStatusString[error],
                   (unsigned long long)count);
}

/* Counts what this step lost, once a block shows that the stream goes on: what follows the last one is no audio. */
static void count_lost(FlacStream *stream, uint64_t before) {
    if (stream->step_lost && !stream->has_lost_frame) {
        stream->has_lost_frame = 1;
        stream->lost_frame = before;
    }
    if (!stream->has_lost_frame || stream->decoded_end == before) return;
    stream->has_lost_frame = 0;
    if (stream->lost_places == 0 || stream->lost_frame < stream->first_lost || stream->lost_frame > stream->last_lost) {
        if (stream->lost_places == 0 || stream->lost_frame < stream->first_lost) stream->first_lost = stream->lost_frame;
        if (stream->lost_places == 0 || stream->lost_frame > stream->last_lost) stream->last_lost = stream->lost_frame;
        stream->lost_places++;
    }
}

/* Where only the last of the declared blocks is missing, and something is left of it, it becomes silence like others. */
static int fill_lost_end(FlacStream *stream) {
    uint64_t before = stream->decoded_end;
    if (!stream->has_lost_frame || stream->total_frames - before > stream->max_block_frames) return 0;
    stream->silent_frames += stream->total_frames - stream->next_frame;
    stream->next_frame = stream->decoded_end = stream->total_frames;
    count_lost(stream, before);
    return 1;
}

/* libFLAC has nothing more: whether that is a proper end. */
static void judge_end(FlacStream *stream) {
    stream->ended = 1;
    if (stream->total_frames && stream->decoded_end < stream->total_frames) {
        if (fill_lost_end(stream)) return;
        fail(stream, ST_ERROR_DECODE,
             "file ends before its declared %llu frames; %llu were decoded (truncated? get the file again)",
             (unsigned long long)stream->total_frames, (unsigned long long)stream->decoded_end);
    } else if (stream->total_frames == 0 && stream->io->seek && stream->frame_end_byte &&
               flac_input_has_frame_at(stream, stream->frame_end_byte)) {
        fail(stream, ST_ERROR_DECODE,
             "file ends inside a FLAC frame, after %llu frames (truncated? get the file again)",
             (unsigned long long)stream->decoded_end);
    }
}

/* Lets libFLAC do one thing: a block, or a search for the next one. */
static void step(FlacStream *stream) {
    uint64_t before = stream->decoded_end;
    FLAC__StreamDecoderState state;
    FLAC__uint64 byte;
    FLAC__bool ok;
    if (stream->total_frames && before >= stream->total_frames) {
        stream->ended = 1;
        return;
    }
    stream->step_damaged = 0;
    stream->step_lost = 0;
    ok = FLAC__stream_decoder_process_single(stream->decoder);
    state = FLAC__stream_decoder_get_state(stream->decoder);
    if (stream->total_frames == 0 && stream->decoded_end != before &&
        FLAC__stream_decoder_get_decode_position(stream->decoder, &byte))
        stream->frame_end_byte = byte;
    count_lost(stream, before);
    if (stream->failure) return;
    if (state == FLAC__STREAM_DECODER_END_OF_STREAM) {
        judge_end(stream);
    } else if (!ok) {
        fail(stream, ST_ERROR_DECODE, "decoding stops at frame %llu: %s", (unsigned long long)stream->decoded_end,
             FLAC__StreamDecoderStateString[state]);
    }
}

static int start(FlacStream *stream) {
    return FLAC__stream_decoder_init_stream(
               stream->decoder, flac_input_read, stream->io->seek ? flac_input_seek : NULL, flac_input_tell,
               flac_input_length, flac_input_eof, on_block, on_metadata, on_damage,
               stream) == FLAC__STREAM_DECODER_INIT_STATUS_OK;
}

StStatus flac_stream_open(FlacStream *stream, StStr label, const StIoVTable *io, void *io_handle) {
    FLAC__bool ok;
    StStatus status;
    stream->io = io;
    stream->io_handle = io_handle;
    stream->straight = 1;
    snprintf(stream->label, sizeof stream->label, "%.*s",
             (int)(label.len < sizeof stream->label ? label.len : sizeof stream->label - 1), label.len ? label.ptr : "");
    status = flac_head_read(&stream->head, &stream->tags, io, io_handle);
    if (status.code != ST_OK) return status;
    if (stream->head.sound == 0) return st_error(ST_ERROR_UNSUPPORTED, "not a FLAC file: it is empty");
    stream->decoder = FLAC__stream_decoder_new();
    if (stream->decoder == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for a FLAC decoder");
    FLAC__stream_decoder_set_md5_checking(stream->decoder, stream->verify_md5);
    if (!start(stream)) return st_error(ST_ERROR_INTERNAL, "libFLAC refused to start");
    ok = FLAC__stream_decoder_process_until_end_of_metadata(stream->decoder);
    if (stream->failure) return failure_status(stream);
    if (!stream->has_format && stream->damage_count)
        return st_error(ST_ERROR_UNSUPPORTED, "not a FLAC file: it does not begin with a FLAC header");
    if (!ok || !stream->has_format ||
        FLAC__stream_decoder_get_state(stream->decoder) == FLAC__STREAM_DECODER_END_OF_STREAM)
        return st_error(ST_ERROR_DECODE, "file ends inside its FLAC header (truncated? get the file again)");
    if (stream->rate_hz == 0)
        return st_error(ST_ERROR_UNSUPPORTED, "the FLAC header declares a rate of 0 Hz: no audio");
    stream->pending = malloc(sizeof(float) * MAX_BLOCK_FRAMES * stream->channels);
    if (stream->pending == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for one FLAC block");
    if (stream->bits > 24)
        st_log(ST_LOG_INFO, "%u bit samples are rounded to float32, which holds 24", stream->bits);
    return st_ok();
}

static int has_waiting(const FlacStream *stream) {
    return stream->silent_frames > 0 || stream->pending_frames > 0;
}

/* Gives what waits already: silence for lost frames, then the rest of a block. */
static uint32_t take_waiting(FlacStream *stream, uint32_t frames, float *out) {
    uint32_t silent = stream->silent_frames < frames ? (uint32_t)stream->silent_frames : frames, pending;
    memset(out, 0, sizeof(float) * silent * stream->channels);
    stream->silent_frames -= silent;
    if (stream->silent_frames) return silent;
    pending = stream->pending_frames < frames - silent ? stream->pending_frames : frames - silent;
    memcpy(out + (size_t)silent * stream->channels, stream->pending + (size_t)stream->pending_at * stream->channels,
           sizeof(float) * pending * stream->channels);
    stream->pending_at += pending;
    stream->pending_frames -= pending;
    return silent + pending;
}

static StStatus lost_status(const FlacStream *stream) {
    return st_error(ST_ERROR_DECODE, "damaged in %u place%s, first near frame %llu: lost frames are silence",
                    stream->lost_places, stream->lost_places == 1 ? "" : "s", (unsigned long long)stream->first_lost);
}

/* At the end: libFLAC compares when it is finished, and says yes where the header holds no MD5. */
static void verify(FlacStream *stream) {
    if (!stream->verify_md5 || !stream->straight || stream->finished) return;
    stream->finished = 1;
    if (!FLAC__stream_decoder_finish(stream->decoder))
        st_log(ST_LOG_WARN, "the MD5 of the decoded samples is not that of the FLAC header: %s", stream->label);
}

StStatus flac_stream_read(FlacStream *stream, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof) {
    uint32_t done = 0;
    for (;;) {
        done += take_waiting(stream, frames - done, out + (size_t)done * stream->channels);
        if (done == frames || stream->ended || stream->failure) break;
        stream->out = out + (size_t)done * stream->channels;
        stream->room_frames = frames - done;
        stream->given_frames = 0;
        step(stream);
        done += stream->given_frames;
        stream->room_frames = 0;
    }
    if (stream->ended && !stream->failure) verify(stream);
    if (done == 0 && frames > 0 && stream->failure) return failure_status(stream);
    if (done == 0 && frames > 0 && stream->lost_places) return lost_status(stream);
    *out_read = done;
    *out_eof = stream->ended && !stream->failure && !stream->lost_places && !has_waiting(stream);
    return st_ok();
}

/* After the comparison: libFLAC again at the first frame, with what the first start has learned. */
static StStatus start_anew(FlacStream *stream) {
    stream->finished = 0;
    if (flac_input_seek(NULL, 0, stream) == FLAC__STREAM_DECODER_SEEK_STATUS_OK && start(stream) &&
        FLAC__stream_decoder_process_until_end_of_metadata(stream->decoder))
        return st_ok();
    fail(stream, ST_ERROR_IO, "the input cannot be rewound");
    return failure_status(stream);
}

/* The exact way where libFLAC cannot seek: from the start. */
static StStatus decode_from_start(FlacStream *stream, uint64_t frame) {
    if (!FLAC__stream_decoder_reset(stream->decoder)) {
        fail(stream, ST_ERROR_IO, "the input cannot be rewound");
        return failure_status(stream);
    }
    stream->decoded_end = 0;
    stream->has_lost_frame = 0;
    stream->frame_end_byte = 0;
    stream->silent_frames = 0;
    stream->pending_frames = 0;
    stream->next_frame = frame;
    while (!has_waiting(stream) && !stream->ended && !stream->failure) step(stream);
    if (!has_waiting(stream) && stream->failure) return failure_status(stream);
    if (!has_waiting(stream) && stream->decoded_end < frame)
        return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%llu frames)", (unsigned long long)frame,
                        (unsigned long long)stream->decoded_end);
    return st_ok();
}

/* The first block of the file says from which number on it counts. */
static void learn_offset(FlacStream *stream) {
    while (!stream->has_offset && !stream->ended && !stream->failure) step(stream);
}

StStatus flac_stream_seek(FlacStream *stream, uint64_t frame) {
    FLAC__bool found;
    if (stream->io->seek == NULL) return st_error(ST_ERROR_UNSUPPORTED, "this input cannot seek");
    if (frame > INT64_MAX || (stream->total_frames && frame > stream->total_frames))
        return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%llu frames)", (unsigned long long)frame,
                        (unsigned long long)stream->total_frames);
    learn_offset(stream);
    stream->failure = 0;
    stream->straight = 0;
    if (stream->finished) {
        StStatus status = start_anew(stream);
        if (status.code != ST_OK) return status;
    }
    stream->silent_frames = 0;
    stream->pending_frames = 0;
    stream->next_frame = frame;
    stream->ended = stream->total_frames && frame == stream->total_frames;
    if (stream->ended) return st_ok();
    stream->decoded_end = 0;
    stream->has_lost_frame = 0;
    stream->step_damaged = 0;
    stream->seeking = 1;
    found = FLAC__stream_decoder_seek_absolute(stream->decoder, frame + stream->number_offset);
    stream->seeking = 0;
    if (FLAC__stream_decoder_get_state(stream->decoder) == FLAC__STREAM_DECODER_SEEK_ERROR)
        FLAC__stream_decoder_flush(stream->decoder);
    if (stream->failure) return failure_status(stream);
    if (found && stream->silent_frames == 0 && stream->pending_frames > 0) return st_ok();
    return decode_from_start(stream, frame);
}

void flac_stream_close(FlacStream *stream) {
    if (stream->decoder) FLAC__stream_decoder_delete(stream->decoder);
    tags_free(&stream->tags);
    free(stream->head.bytes);
    free(stream->pending);
}
