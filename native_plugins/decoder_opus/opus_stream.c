/*
 * opus_stream.c: libopusfile as the library under an OggLine.
 */
#include "opus_stream.h"

#include <stellatune_xiph.h>

/* RFC 7845 asks for 80 ms, behind which no ear tells a difference. Behind these no bit does, see README. */
#define RUN_UP_FRAMES (4 * OPUS_STREAM_RATE_HZ)
#define SPEECH_RUN_UP_FRAMES (120 * OPUS_STREAM_RATE_HZ)
/* In the first byte of a packet (RFC 6716, section 3.1): from here on, CELT alone. */
#define FIRST_CELT_ONLY 128

static int on_read(void *stream, unsigned char *out, int count) {
    return (int)st_input_read(&((OpusStream *)stream)->line.input, out, (size_t)count);
}

static int on_seek(void *stream, opus_int64 offset, int whence) {
    return st_input_seek(&((OpusStream *)stream)->line.input, offset, whence) < 0 ? -1 : 0;
}

static opus_int64 on_tell(void *stream) {
    return (opus_int64)st_input_position(&((OpusStream *)stream)->line.input);
}

static const char *error_text(int code) {
    switch (code) {
    case OP_ENOTFORMAT:
        return "it holds no Opus stream";
    case OP_EVERSION:
    case OP_EIMPL:
        return "its variety of Opus is unknown";
    case OP_EBADHEADER:
        return "its Opus header is damaged";
    default:
        return "libopusfile gives up on it (truncated? get the file again)";
    }
}

/* The frames up to the first link of another number of channels; 0 where the links claim what cannot be. */
static uint64_t count_frames(const OpusStream *stream) {
    uint64_t total = 0;
    if (!op_seekable(stream->file)) return 0;
    for (int link = 0; link < op_link_count(stream->file); link++) {
        ogg_int64_t frames = op_pcm_total(stream->file, link);
        if (op_channel_count(stream->file, link) != (int)stream->line.channels) break;
        if (frames < 0 || (uint64_t)frames > INT64_MAX / 2000 - total) return 0;
        total += (uint64_t)frames;
    }
    return total;
}

/*
 * Whether all streams of a packet are CELT alone. All but the last say their length (RFC 6716, appendix B); where one
 * of them holds several blocks, it is not looked into.
 */
static int is_celt_only(const unsigned char *at, long left, int streams) {
    for (; streams > 0; streams--) {
        long head = 2, length;
        if (left < 1 || at[0] < FIRST_CELT_ONLY) return 0;
        if (streams == 1) break;
        if (left < 3 || (at[0] & 3) != 0) return 0;
        length = at[1];
        if (length >= 252) length += 4 * at[head++];
        if (length > left - head) return 0;
        at += head + length;
        left -= head + length;
    }
    return 1;
}

static int on_packet(void *handle, OpusMSDecoder *decoder, void *pcm, const ogg_packet *packet, int frames,
                     int channels, int format, int link) {
    OpusStream *stream = handle;
    (void)decoder, (void)pcm, (void)frames, (void)channels, (void)format;
    if (!stream->has_mode)
        stream->is_speech = !is_celt_only(packet->packet, packet->bytes, op_head(stream->file, link)->stream_count);
    stream->has_mode = 1;
    return OP_DEC_USE_DEFAULT;
}

static StStatus start(void *handle) {
    OpusStream *stream = handle;
    OpusFileCallbacks callbacks = {on_read, NULL, NULL, NULL};
    int code = 0;
    if (ogg_line_can_seek(&stream->line)) {
        callbacks.seek = on_seek;
        callbacks.tell = on_tell;
    }
    stream->file = op_open_callbacks(stream, &callbacks, NULL, 0, &code);
    if (stream->file == NULL)
        return st_error(code == OP_ENOTFORMAT || code == OP_EVERSION || code == OP_EIMPL ? ST_ERROR_UNSUPPORTED
                                                                                         : ST_ERROR_DECODE,
                        "not to be played as Ogg Opus: %s", error_text(code));
    op_set_decode_callback(stream->file, on_packet, stream);
    stream->line.rate_hz = OPUS_STREAM_RATE_HZ;
    stream->line.channels = (uint32_t)op_channel_count(stream->file, 0);
    stream->line.total_frames = count_frames(stream);
    return st_ok();
}

static void stop(void *handle) {
    OpusStream *stream = handle;
    if (stream->file) op_free(stream->file);
    stream->file = NULL;
}

static OggLineNews read_frames(void *handle, uint32_t frames, float *out, uint32_t *out_read) {
    OpusStream *stream = handle;
    int link = 0, got = op_read_float(stream->file, out, (int)(frames * stream->line.channels), &link);
    if (got == 0) return OGG_LINE_END;
    if (got == OP_HOLE || got == OP_EBADLINK) return OGG_LINE_HOLE;
    if (got < 0) {
        ogg_line_fail(&stream->line, ST_ERROR_DECODE, "decoding stops at frame %llu: %s",
                      (unsigned long long)stream->line.position, error_text(got));
        return OGG_LINE_BROKEN;
    }
    if (op_channel_count(stream->file, link) != (int)stream->line.channels) return OGG_LINE_CHANGED;
    xiph_reorder(out, (size_t)got, stream->line.channels);
    *out_read = (uint32_t)got;
    return OGG_LINE_FRAMES;
}

static uint64_t tell(void *handle) {
    return (uint64_t)op_pcm_tell(((OpusStream *)handle)->file);
}

static int seek(void *handle, uint64_t frame) {
    OpusStream *stream = handle;
    stream->has_mode = 0;
    return op_pcm_seek(stream->file, (ogg_int64_t)frame) == 0;
}

/* The predictors of SILK forget when a sound ends, those of CELT with every block. */
static int wants_long_run_up(void *handle) {
    return ((const OpusStream *)handle)->is_speech;
}

const OggLineCodec OPUS_CODEC = {
    .name = "Opus",
    .run_up_frames = RUN_UP_FRAMES,
    .long_run_up_frames = SPEECH_RUN_UP_FRAMES,
    .wants_long_run_up = wants_long_run_up,
    .start = start,
    .stop = stop,
    .read = read_frames,
    .tell = tell,
    .seek = seek,
};

static StStr comment_at(const void *comments, size_t index) {
    const OpusTags *of = comments;
    StStr comment = {of->user_comments[index], of->comment_lengths[index] > 0 ? (size_t)of->comment_lengths[index] : 0};
    return comment;
}

StStatus opus_stream_tags(OpusStream *stream, StStr *out) {
    const OpusTags *comments = stream->file ? op_tags(stream->file, 0) : NULL;
    Tags tags = {0};
    StStatus status;
    if (comments) {
        xiph_tags(&tags, comments, (size_t)comments->comments, comment_at);
        xiph_cover(&tags, comments, (size_t)comments->comments, comment_at);
    }
    status = tags_tell(&tags, out);
    tags_free(&tags);
    return status;
}
