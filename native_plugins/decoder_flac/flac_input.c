/*
 * flac_input.c: libFLAC's byte callbacks: what flac_head.c shows of the header, then the sound by the host's io functions.
 *
 * The position is counted here, so that `tell` of the host is not needed; a failure of the host is kept in the stream.
 */
#include "flac_input.h"

#include <stellatune_sdk.h>

static void keep_failure(FlacStream *stream, int32_t code, StStr message, const char *what) {
    stream->failure = code;
    snprintf(stream->failure_text, sizeof stream->failure_text, "%s%s%.*s", what, message.len ? ": " : "",
             (int)(message.len > 160 ? 160 : message.len), message.len ? message.ptr : "");
}

FLAC__StreamDecoderReadStatus flac_input_read(const FLAC__StreamDecoder *decoder, FLAC__byte *buffer, size_t *bytes,
                                              void *client) {
    FlacStream *stream = client;
    size_t got = 0;
    StStatus status;
    (void)decoder;
    if (st_cancelled()) {
        keep_failure(stream, ST_ERROR_CANCELLED, (StStr){NULL, 0}, "decoding was cancelled");
        return FLAC__STREAM_DECODER_READ_STATUS_ABORT;
    }
    if (!stream->has_format && stream->damage_count > 0) return FLAC__STREAM_DECODER_READ_STATUS_ABORT;
    if (stream->io_position < stream->head.len) {
        size_t left = stream->head.len - (size_t)stream->io_position;
        if (*bytes > left) *bytes = left;
        memcpy(buffer, stream->head.bytes + stream->io_position, *bytes);
        stream->io_position += *bytes;
        return FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
    }
    status = stream->io->read(stream->io_handle, buffer, *bytes, &got);
    if (status.code != ST_OK || got > *bytes) {
        int32_t code = status.code == ST_ERROR_CANCELLED ? ST_ERROR_CANCELLED : ST_ERROR_IO;
        keep_failure(stream, code, status.message, "the input cannot be read");
        return FLAC__STREAM_DECODER_READ_STATUS_ABORT;
    }
    *bytes = got;
    stream->io_position += got;
    stream->io_ended = got == 0;
    return got ? FLAC__STREAM_DECODER_READ_STATUS_CONTINUE : FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
}

FLAC__StreamDecoderSeekStatus flac_input_seek(const FLAC__StreamDecoder *decoder, FLAC__uint64 offset, void *client) {
    FlacStream *stream = client;
    uint64_t position = 0, sound = offset > stream->head.len ? offset - stream->head.len : 0;
    (void)decoder;
    if (stream->io->seek == NULL) return FLAC__STREAM_DECODER_SEEK_STATUS_UNSUPPORTED;
    if (sound > INT64_MAX - stream->head.sound) return FLAC__STREAM_DECODER_SEEK_STATUS_ERROR;
    sound += stream->head.sound;
    if (stream->io->seek(stream->io_handle, (int64_t)sound, ST_SEEK_START, &position).code != ST_OK)
        return FLAC__STREAM_DECODER_SEEK_STATUS_ERROR;
    stream->io_position = offset;
    stream->io_ended = 0;
    return FLAC__STREAM_DECODER_SEEK_STATUS_OK;
}

FLAC__StreamDecoderTellStatus flac_input_tell(const FLAC__StreamDecoder *decoder, FLAC__uint64 *offset, void *client) {
    (void)decoder;
    *offset = ((FlacStream *)client)->io_position;
    return FLAC__STREAM_DECODER_TELL_STATUS_OK;
}

FLAC__StreamDecoderLengthStatus flac_input_length(const FLAC__StreamDecoder *decoder, FLAC__uint64 *length,
                                                  void *client) {
    FlacStream *stream = client;
    uint64_t size = 0;
    (void)decoder;
    if (stream->io->size == NULL || stream->io->size(stream->io_handle, &size).code != ST_OK)
        return FLAC__STREAM_DECODER_LENGTH_STATUS_UNSUPPORTED;
    *length = size > stream->head.sound ? size - stream->head.sound + stream->head.len : stream->head.len;
    return FLAC__STREAM_DECODER_LENGTH_STATUS_OK;
}

FLAC__bool flac_input_eof(const FLAC__StreamDecoder *decoder, void *client) {
    (void)decoder;
    return ((FlacStream *)client)->io_ended;
}

int flac_input_has_frame_at(FlacStream *stream, uint64_t offset) {
    FLAC__byte head[2];
    size_t filled = 0, got = 0;
    if (flac_input_seek(NULL, offset, stream) != FLAC__STREAM_DECODER_SEEK_STATUS_OK) return 0;
    do {
        if (stream->io->read(stream->io_handle, head + filled, sizeof head - filled, &got).code != ST_OK) return 0;
        filled += got <= sizeof head - filled ? got : 0;
    } while (got > 0 && filled < sizeof head);
    return filled == sizeof head && head[0] == 0xFF && (head[1] & 0xFE) == 0xF8;
}
