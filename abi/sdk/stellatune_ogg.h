/*
 * stellatune_ogg.h: an Ogg input as a line of frames - read and seek, each exact - over a library that decodes it.
 *
 * For decoder plugins. Positions count frames from the first one of the file, across the links of a chained one. Frames
 * that a damaged file has lost are played as silence, so that positions stay true. A failure is told once the frames
 * before it have been given, and frames that were lost in place of the end of the stream.
 */
#ifndef STELLATUNE_OGG_H
#define STELLATUNE_OGG_H

#include "stellatune_input.h"

/* More than headers, a picture of 100 MiB in them and the search for links take, and than any block of sound. */
#define OGG_LINE_CALL_BYTES ((uint64_t)176 << 20)
#define OGG_LINE_STEP_FRAMES 4096u
#define OGG_LINE_MAX_HOLES 10000u
/* Longer holes than this are no lost frames but another numbering. */
#define OGG_LINE_MAX_HOLE_SECONDS 10u
#define OGG_LINE_TEXT_BYTES 256

typedef enum OggLineNews {
    OGG_LINE_FRAMES, /* some frames, or none yet */
    OGG_LINE_END,
    OGG_LINE_HOLE,    /* data was lost */
    OGG_LINE_CHANGED, /* frames of another rate or number of channels would follow */
    OGG_LINE_BROKEN   /* the library gives up, and has said why */
} OggLineNews;

/* The library, over the stream that begins with an OggLine. */
typedef struct OggLineCodec {
    const char *name;
    uint32_t run_up_frames; /* behind so many frames nothing is left of where decoding began */
    uint32_t long_run_up_frames; /* the same where wants_long_run_up says so, asked after the short one */
    int (*wants_long_run_up)(void *stream); /* null: never */

    /* The library anew, at the first frame of an input that stands at its start; rate, channels and length are set. */
    StStatus (*start)(void *stream);
    void (*stop)(void *stream); /* twice is fine */

    /* Up to OGG_LINE_STEP_FRAMES frames, interleaved in the order of StAudioSpec. */
    OggLineNews (*read)(void *stream, uint32_t frames, float *out, uint32_t *out_read);
    uint64_t (*tell)(void *stream);
    int (*seek)(void *stream, uint64_t frame);
} OggLineCodec;

typedef struct OggLine {
    StInput input;
    const OggLineCodec *codec;
    uint32_t rate_hz;
    uint32_t channels;
    uint64_t total_frames; /* up to the end or the first change of format; 0: unknown */

    /* Where decoding is. Frames wait in the order silence, pending. */
    uint64_t position; /* behind what waits */
    uint64_t told;     /* the same as the library counts it */
    uint64_t silent_frames;
    float *pending;
    uint32_t pending_at;
    uint32_t pending_frames;

    /* Places where frames were lost, since open: a seek forgets none and counts none twice. */
    int has_hole; /* something is missing, and the library has not said yet how much */
    uint32_t hole_count;
    uint32_t lost_places;
    uint64_t first_lost, last_lost;
    int ended;
    int32_t failure; /* StStatusCode of what stopped decoding; stays until a seek */
    char failure_text[OGG_LINE_TEXT_BYTES];
} OggLine;

ST_SDK_PRINTF(3, 4) ST_SDK_UNUSED static void ogg_line_fail(OggLine *line, int32_t code, const char *format, ...) {
    va_list args;
    line->failure = code;
    va_start(args, format);
    vsnprintf(line->failure_text, sizeof line->failure_text, format, args);
    va_end(args);
}

ST_SDK_UNUSED static StStatus ogg_line_failed(const OggLine *line) {
    return st_error(line->failure, "%s", line->failure_text);
}

ST_SDK_UNUSED static int ogg_line_can_seek(const OggLine *line) {
    uint64_t size;
    return line->input.io->seek != NULL && st_input_size(&line->input, &size);
}

/* An Ogg page (RFC 3533, section 6) of `left` bytes or fewer: its size; 0 where there is none or it is cut off. */
ST_SDK_UNUSED static size_t ogg_line_page_size(const uint8_t *page, size_t left) {
    size_t size = 27;
    if (left < size || memcmp(page, "OggS", 5) != 0 || left < size + page[26]) return 0;
    for (uint32_t i = 0; i < page[26]; i++) size += page[27 + i];
    size += page[26];
    return size <= left ? size : 0;
}

/*
 * Whether the last whole page of an Ogg input says that it is the last: a file that was cut off, or a recording that
 * was broken off, does not. True where that cannot be known. The position of the input stays.
 */
ST_SDK_UNUSED static int ogg_line_has_last_page(StInput *input) {
    enum { TAIL_BYTES = 2 * 65307, END_OF_STREAM = 4 };
    int64_t here = (int64_t)st_input_position(input), got = 0;
    uint64_t size = 0;
    uint8_t *tail;
    int whole = 1;
    if (!st_input_size(input, &size) || (tail = (uint8_t *)malloc(TAIL_BYTES)) == NULL) return 1;
    if (st_input_seek(input, size > TAIL_BYTES ? (int64_t)size - TAIL_BYTES : 0, SEEK_SET) >= 0)
        got = st_input_read(input, tail, TAIL_BYTES);
    for (int64_t at = got - 27; at >= 0; at--) {
        if (!ogg_line_page_size(tail + at, (size_t)(got - at))) continue;
        whole = (tail[at + 5] & END_OF_STREAM) != 0;
        break;
    }
    free(tail);
    st_input_seek(input, here, SEEK_SET);
    return whole;
}

ST_SDK_UNUSED static void ogg_line_note_hole(OggLine *line) {
    uint64_t at = line->position;
    line->has_hole = 1;
    if (++line->hole_count > OGG_LINE_MAX_HOLES)
        ogg_line_fail(line, ST_ERROR_DECODE, "more than %u holes in the data, the last near frame %llu",
                      OGG_LINE_MAX_HOLES, (unsigned long long)at);
    if (line->lost_places && at >= line->first_lost && at <= line->last_lost) return;
    if (line->lost_places == 0 || at < line->first_lost) line->first_lost = at;
    if (line->lost_places == 0 || at > line->last_lost) line->last_lost = at;
    if (line->lost_places++ == 0)
        st_log(ST_LOG_WARN, "damaged %s data near frame %llu; lost frames become silence", line->codec->name,
               (unsigned long long)at);
}

/* What the library gave, up to the known end. Behind a hole, its count has jumped by what is missing. */
ST_SDK_UNUSED static void ogg_line_take_in(OggLine *line, uint32_t frames) {
    uint64_t told = line->codec->tell(line), missing = told - frames - line->told, room = UINT64_MAX;
    line->told = told;
    if (missing && line->has_hole) {
        line->has_hole = 0;
        if (missing <= (uint64_t)line->rate_hz * OGG_LINE_MAX_HOLE_SECONDS) line->silent_frames = missing;
    }
    if (line->total_frames) room = line->position < line->total_frames ? line->total_frames - line->position : 0;
    if (line->silent_frames > room) line->silent_frames = room;
    room -= line->silent_frames;
    line->pending_at = 0;
    line->pending_frames = frames < room ? frames : (uint32_t)room;
    line->position += line->silent_frames + line->pending_frames;
}

ST_SDK_UNUSED static void ogg_line_judge_end(OggLine *line) {
    line->ended = 1;
    if (ogg_line_can_seek(line) && !ogg_line_has_last_page(&line->input))
        ogg_line_fail(line, ST_ERROR_DECODE,
                      "file ends without its last page, after %llu frames (truncated? get the file again)",
                      (unsigned long long)line->position);
}

/* Lets the library do one thing. */
ST_SDK_UNUSED static void ogg_line_step(OggLine *line) {
    uint32_t frames = 0;
    OggLineNews news = line->codec->read(line, OGG_LINE_STEP_FRAMES, line->pending, &frames);
    if (line->input.failure) {
        ogg_line_fail(line, line->input.failure, "%s", line->input.failure_text);
        return;
    }
    switch (news) {
    case OGG_LINE_FRAMES:
        ogg_line_take_in(line, frames);
        break;
    case OGG_LINE_END:
        ogg_line_judge_end(line);
        break;
    case OGG_LINE_HOLE:
        ogg_line_note_hole(line);
        break;
    case OGG_LINE_CHANGED:
        ogg_line_fail(line, ST_ERROR_DECODE, "the format changes at frame %llu; split the file there",
                      (unsigned long long)line->position);
        break;
    case OGG_LINE_BROKEN:
        break;
    }
}

/* Gives what waits already; `out` null: drops it. */
ST_SDK_UNUSED static uint32_t ogg_line_take_waiting(OggLine *line, uint32_t frames, float *out) {
    uint32_t silent = line->silent_frames < frames ? (uint32_t)line->silent_frames : frames;
    uint32_t pending = line->pending_frames < frames - silent ? line->pending_frames : frames - silent;
    size_t width = line->channels;
    if (line->silent_frames > silent) pending = 0;
    if (out) {
        memset(out, 0, sizeof(float) * silent * width);
        memcpy(out + silent * width, line->pending + line->pending_at * width, sizeof(float) * pending * width);
    }
    line->silent_frames -= silent;
    line->pending_at += pending;
    line->pending_frames -= pending;
    return silent + pending;
}

/* Up to `frames` frames; fewer at the end and before a failure. */
ST_SDK_UNUSED static uint32_t ogg_line_take(OggLine *line, uint32_t frames, float *out) {
    uint32_t done = 0;
    st_input_allow(&line->input, OGG_LINE_CALL_BYTES);
    for (;;) {
        done += ogg_line_take_waiting(line, frames - done, out ? out + (size_t)done * line->channels : NULL);
        if (done == frames || line->ended || line->failure) return done;
        ogg_line_step(line);
    }
}

ST_SDK_UNUSED static StStatus ogg_line_read(OggLine *line, uint32_t frames, float *out, uint32_t *out_read,
                                            uint8_t *out_eof) {
    uint32_t done = ogg_line_take(line, frames, out);
    if (done == 0 && frames > 0 && line->failure) return ogg_line_failed(line);
    if (done == 0 && frames > 0 && line->lost_places)
        return st_error(ST_ERROR_DECODE, "damaged in %u place%s, first near frame %llu: lost frames are silence",
                        line->lost_places, line->lost_places == 1 ? "" : "s", (unsigned long long)line->first_lost);
    *out_read = done;
    *out_eof = line->ended && !line->failure && !line->lost_places && !line->silent_frames && !line->pending_frames;
    return st_ok();
}

/* The library at the first frame, of the format it had before. */
ST_SDK_UNUSED static StStatus ogg_line_start(OggLine *line) {
    uint32_t rate_hz = line->rate_hz, channels = line->channels;
    StStatus status;
    line->codec->stop(line);
    st_input_allow(&line->input, OGG_LINE_CALL_BYTES);
    line->position = line->told = 0;
    status = line->codec->start(line);
    if (line->input.failure) {
        if (status.message.ptr) st_plugin_free((void *)status.message.ptr, status.message.len, 1);
        return st_input_status(&line->input);
    }
    if (status.code != ST_OK || channels == 0) return status;
    if (rate_hz == line->rate_hz && channels == line->channels) return status;
    return st_error(ST_ERROR_DECODE, "the file has changed its format while it was open");
}

ST_SDK_UNUSED static StStatus ogg_line_open(OggLine *line, const OggLineCodec *codec, const StIoVTable *io,
                                            void *io_handle) {
    StStatus status;
    line->codec = codec;
    st_input_begin(&line->input, io, io_handle);
    status = ogg_line_start(line);
    if (status.code != ST_OK) return status;
    line->pending = (float *)malloc(sizeof(float) * OGG_LINE_STEP_FRAMES * line->channels);
    return line->pending ? status : st_error(ST_ERROR_INTERNAL, "no memory for %u frames", OGG_LINE_STEP_FRAMES);
}

/* What a failure has left inside the library is not to be trusted. */
ST_SDK_UNUSED static StStatus ogg_line_start_anew(OggLine *line) {
    StStatus status;
    if (!st_input_rewind(&line->input)) {
        ogg_line_fail(line, ST_ERROR_IO, "the input cannot be rewound");
        return ogg_line_failed(line);
    }
    status = ogg_line_start(line);
    line->failure = status.code;
    snprintf(line->failure_text, sizeof line->failure_text, "%.*s", (int)status.message.len,
             status.message.len ? status.message.ptr : "");
    return status;
}

/* The frame that the next read gives. */
ST_SDK_UNUSED static uint64_t ogg_line_next(const OggLine *line) {
    return line->position - line->silent_frames - line->pending_frames;
}

/* Decodes and drops up to `frame`. */
ST_SDK_UNUSED static StStatus ogg_line_skip_to(OggLine *line, uint64_t frame) {
    while (ogg_line_next(line) < frame) {
        uint64_t left = frame - ogg_line_next(line);
        if (st_cancelled()) {
            ogg_line_fail(line, ST_ERROR_CANCELLED, "seeking was cancelled");
            return ogg_line_failed(line);
        }
        if (ogg_line_take(line, left < OGG_LINE_STEP_FRAMES ? (uint32_t)left : OGG_LINE_STEP_FRAMES, NULL)) continue;
        if (line->failure) return ogg_line_failed(line);
        return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%llu frames)", (unsigned long long)frame,
                        (unsigned long long)line->position);
    }
    return st_ok();
}

ST_SDK_UNUSED static int ogg_line_jump(OggLine *line, uint64_t frame) {
    if (!line->codec->seek(line, frame) || line->codec->tell(line) != frame) return 0;
    line->position = line->told = frame;
    return 1;
}

ST_SDK_UNUSED static StStatus ogg_line_run_up(OggLine *line, uint64_t frame, uint64_t run_up) {
    StStatus status = st_ok();
    line->has_hole = 0;
    line->silent_frames = line->pending_frames = 0;
    line->ended = 0;
    line->position = frame;
    st_input_allow(&line->input, OGG_LINE_CALL_BYTES);
    if (!ogg_line_jump(line, frame > run_up ? frame - run_up : 0)) status = ogg_line_start_anew(line);
    return status.code == ST_OK ? ogg_line_skip_to(line, frame) : status;
}

/* Moves to exactly `frame`. */
ST_SDK_UNUSED static StStatus ogg_line_seek(OggLine *line, uint64_t frame) {
    const OggLineCodec *codec = line->codec;
    StStatus status = st_ok();
    if (!ogg_line_can_seek(line)) return st_error(ST_ERROR_UNSUPPORTED, "this input cannot seek");
    if (frame > line->total_frames)
        return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%llu frames)", (unsigned long long)frame,
                        (unsigned long long)line->total_frames);
    if (line->failure) status = ogg_line_start_anew(line);
    if (status.code != ST_OK) return status;
    if (frame == line->total_frames) {
        line->silent_frames = line->pending_frames = 0;
        line->position = frame;
        line->ended = 1;
        return status;
    }
    status = ogg_line_run_up(line, frame, codec->run_up_frames);
    if (status.code != ST_OK || frame <= codec->run_up_frames) return status;
    if (codec->wants_long_run_up == NULL || !codec->wants_long_run_up(line)) return status;
    return ogg_line_run_up(line, frame, codec->long_run_up_frames);
}

/* Frees what the line holds, not the line. */
ST_SDK_UNUSED static void ogg_line_close(OggLine *line) {
    if (line->codec) line->codec->stop(line);
    free(line->pending);
}

#endif
