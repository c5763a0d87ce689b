/*
 * vorbis_stream.c: libvorbisfile as the library under an OggLine.
 */
#include "vorbis_stream.h"

#include <stellatune_xiph.h>

/* Two of the longest blocks: a block is made of packets alone, and overlaps with one before it. */
#define RUN_UP_FRAMES 16384

static size_t on_read(void *out, size_t size, size_t count, void *stream) {
    int64_t got = st_input_read(&((VorbisStream *)stream)->line.input, out, size * count);
    return got < 0 || size == 0 ? 0 : (size_t)got / size;
}

static int on_seek(void *stream, ogg_int64_t offset, int whence) {
    return st_input_seek(&((VorbisStream *)stream)->line.input, offset, whence) < 0 ? -1 : 0;
}

static long on_tell(void *stream) {
    return (long)st_input_position(&((VorbisStream *)stream)->line.input);
}

static const char *error_text(long code) {
    switch (code) {
    case OV_ENOTVORBIS:
        return "it holds no Vorbis stream";
    case OV_EVERSION:
        return "its version of Vorbis is unknown";
    case OV_EBADHEADER:
        return "its Vorbis header is damaged";
    default:
        return "libvorbisfile gives up on it (truncated? get the file again)";
    }
}

static int has_format(const VorbisStream *stream, const vorbis_info *info) {
    return info && info->rate == (long)stream->line.rate_hz && info->channels == (int)stream->line.channels;
}

/* The frames up to the first link of another format; 0 where the links claim what cannot be. */
static uint64_t count_frames(VorbisStream *stream) {
    uint64_t total = 0;
    if (!ov_seekable(&stream->file)) return 0;
    for (int link = 0; link < ov_streams(&stream->file); link++) {
        ogg_int64_t frames = ov_pcm_total(&stream->file, link);
        if (!has_format(stream, ov_info(&stream->file, link))) break;
        if (frames < 0 || (uint64_t)frames > INT64_MAX / 2000 - total) return 0;
        total += (uint64_t)frames;
    }
    return total;
}

static StStatus start(void *handle) {
    VorbisStream *stream = handle;
    ov_callbacks callbacks = {on_read, NULL, NULL, NULL};
    const vorbis_info *info;
    int code;
    if (ogg_line_can_seek(&stream->line)) {
        callbacks.seek_func = on_seek;
        callbacks.tell_func = on_tell;
    }
    code = ov_open_callbacks(stream, &stream->file, NULL, 0, callbacks);
    stream->is_open = code == 0;
    if (code != 0)
        return st_error(code == OV_ENOTVORBIS || code == OV_EVERSION ? ST_ERROR_UNSUPPORTED : ST_ERROR_DECODE,
                        "not to be played as Ogg Vorbis: %s", error_text(code));
    info = ov_info(&stream->file, 0);
    if (info == NULL || info->rate < 1 || info->rate > INT32_MAX || info->channels < 1)
        return st_error(ST_ERROR_UNSUPPORTED, "the Vorbis header declares no audio");
    stream->line.rate_hz = (uint32_t)info->rate;
    stream->line.channels = (uint32_t)info->channels;
    stream->line.total_frames = count_frames(stream);
    return st_ok();
}

static void stop(void *handle) {
    VorbisStream *stream = handle;
    if (stream->is_open) ov_clear(&stream->file);
    stream->is_open = 0;
}

/* Planar samples in Vorbis order to frames in ours. */
static void interleave(const VorbisStream *stream, float **planes, uint32_t frames, float *out) {
    uint32_t channels = stream->line.channels;
    const uint8_t *order = xiph_channel_order(channels);
    for (uint32_t c = 0; c < channels; c++) {
        const float *plane = planes[order ? order[c] : c];
        for (uint32_t i = 0; i < frames; i++) out[(size_t)i * channels + c] = plane[i];
    }
}

static OggLineNews read_frames(void *handle, uint32_t frames, float *out, uint32_t *out_read) {
    VorbisStream *stream = handle;
    float **planes;
    int link;
    long got = ov_read_float(&stream->file, &planes, (int)frames, &link);
    if (got == 0) return OGG_LINE_END;
    if (got == OV_HOLE || got == OV_EBADLINK) return OGG_LINE_HOLE;
    if (got < 0) {
        ogg_line_fail(&stream->line, ST_ERROR_DECODE, "decoding stops at frame %llu: %s",
                      (unsigned long long)stream->line.position, error_text(got));
        return OGG_LINE_BROKEN;
    }
    if (!has_format(stream, ov_info(&stream->file, -1))) return OGG_LINE_CHANGED;
    interleave(stream, planes, (uint32_t)got, out);
    *out_read = (uint32_t)got;
    return OGG_LINE_FRAMES;
}

static uint64_t tell(void *handle) {
    return (uint64_t)ov_pcm_tell(&((VorbisStream *)handle)->file);
}

static int seek(void *handle, uint64_t frame) {
    return ov_pcm_seek(&((VorbisStream *)handle)->file, (ogg_int64_t)frame) == 0;
}

const OggLineCodec VORBIS_CODEC = {
    .name = "Vorbis",
    .run_up_frames = RUN_UP_FRAMES,
    .start = start,
    .stop = stop,
    .read = read_frames,
    .tell = tell,
    .seek = seek,
};

static StStr comment_at(const void *comments, size_t index) {
    const vorbis_comment *of = comments;
    StStr comment = {of->user_comments[index], of->comment_lengths[index] > 0 ? (size_t)of->comment_lengths[index] : 0};
    return comment;
}

StStatus vorbis_stream_tags(VorbisStream *stream, StStr *out) {
    const vorbis_comment *comments = stream->is_open ? ov_comment(&stream->file, 0) : NULL;
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
