/*
 * decoder.h: capability "decoder" - compressed bytes in, interleaved float32 out.
 */
#ifndef STELLATUNE_DECODER_H
#define STELLATUNE_DECODER_H

#include "common.h"
#include "config_update.h"
#include "io.h"

ST_BEGIN_DECLS

#define ST_DECODER_FLAG_SEEKABLE 1      /* seek_ms or seek_frame will work on this input */
#define ST_DECODER_FLAG_HAS_DURATION 2  /* duration_ms is known */
#define ST_DECODER_FLAG_HAS_FRAMES 4    /* total_frames is known */
#define ST_DECODER_FLAG_ROUNDED 8       /* the source holds more bits than float32: samples are rounded to nearest */

/* What open() is given. Strings are hints for messages and format choice, never to be opened. */
typedef struct StDecoderOpenArgs {
    StStr path_utf8;
    StStr ext_utf8; /* lowercase, without dot; may be empty */
    const StIoVTable *io_vtable;
    void *io_handle;
} StDecoderOpenArgs;

typedef struct StDecoderInfo {
    StAudioSpec spec;
    uint64_t duration_ms;
    uint64_t total_frames;           /* frames that reading to the end gives, trimming by the host not yet done */
    uint32_t encoder_delay_frames;   /* frames at the start that the HOST still has to drop; 0 if the decoder trims */
    uint32_t encoder_padding_frames; /* the same at the end */
    uint32_t bits_per_sample;        /* of the source; 0 where it has no such number (lossy) */
    uint32_t flags;                  /* ST_DECODER_FLAG_* */
    uint64_t reserved0;
} StDecoderInfo;

/* Rule of choice for one file name extension. */
typedef struct StDecoderExtScore {
    StStr ext_utf8; /* lowercase, without dot; "*" matches any */
    uint16_t score; /* higher is preferred; 0 never */
    uint16_t flags; /* reserved, zero */
    uint32_t reserved0;
} StDecoderExtScore;

typedef struct StDecoderInstanceVTable {
    /*
     * Opens the input. Called once per instance, before everything else but destroy.
     * thread: [lane & created]
     * realtime: no
     * owned: the io handle stays the host's
     * valid until: the strings until return; the io until destroy
     * errors: INVALID_ARG, UNSUPPORTED (not this format), IO, DECODE, CANCELLED
     */
    StStatus (*open)(void *handle, StDecoderOpenArgs args);

    /*
     * Tells format and length.
     * thread: [lane & open]
     * realtime: no
     * owned: nothing
     * valid until: the answer holds until destroy
     * errors: INTERNAL
     */
    StStatus (*get_info)(void *handle, StDecoderInfo *out_info);

    /*
     * Gives tags as a JSON object; may be null. What the file lacks is left out, and no other members count. All values
     * are texts, whatever the file calls them and holds them as: title, artist, album, album_artist, track ("3" or
     * "3/12"), disc (the same), date (as much of "1999-12-31" as is known), genre (a name, no number), composer,
     * compilation ("1"), lyrics (of several lines); replaygain_track_gain, replaygain_album_gain ("-6.30 dB", towards
     * ReplayGain's 89 dB or -18 LUFS); replaygain_track_peak, replaygain_album_peak (1 is full scale);
     * replaygain_reference_loudness; r128_track_gain, r128_album_gain (whole 1/256 dB towards -23 LUFS, RFC 7845, on top
     * of what the decoder applies). Several values of one field are one text, joined by "; ". The picture, the front
     * cover before others, is cover: {mime, base64}, or {mime, offset, bytes} where it lies in the input as it is, so
     * that nobody reads it who does not want it; at most 12 MiB, larger ones are left out. What it is, its bytes say.
     * thread: [lane & open]
     * realtime: no
     * owned: the text is the plugin's until freed with plugin_free
     * valid until: freed
     * errors: IO, DECODE
     */
    StStatus (*get_metadata_json_utf8)(void *handle, StStr *out_json_utf8);

    /*
     * Decodes up to `frames` frames. Fewer is no error; none without eof means "call again". eof may come with frames.
     * thread: [lane & open]
     * realtime: no
     * owned: the buffer is the caller's, of frames * channels samples
     * valid until: return
     * errors: IO, DECODE, CANCELLED
     */
    StStatus (*read_interleaved_f32)(void *handle, uint32_t frames, float *out_interleaved, uint32_t *out_frames_read,
                                     uint8_t *out_eof);

    /*
     * Moves to about `position_ms`; may be null.
     * thread: [lane & open]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: INVALID_ARG (behind the end), UNSUPPORTED, IO, DECODE, CANCELLED
     */
    StStatus (*seek_ms)(void *handle, uint64_t position_ms);

    /*
     * Moves to `frame` or before it and says where it landed: the next read begins at exactly *out_landed_frame, with
     * the very samples that reading from the start gives there. Crash recovery is exact where this exists. May be null.
     * thread: [lane & open]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: INVALID_ARG (behind the end), UNSUPPORTED, IO, DECODE, CANCELLED
     */
    StStatus (*seek_frame)(void *handle, uint64_t frame, uint64_t *out_landed_frame);

    StInstanceVTable instance;
} StDecoderInstanceVTable;

typedef struct StDecoderInstanceRef {
    void *handle;
    const StDecoderInstanceVTable *vtable;
    uint32_t reserved0;
    uint32_t reserved1;
    uint64_t reserved2;
} StDecoderInstanceRef;

ST_STATIC_ASSERT(sizeof(StDecoderOpenArgs) == 48, "StDecoderOpenArgs");
ST_STATIC_ASSERT(sizeof(StDecoderInfo) == 48, "StDecoderInfo");
ST_STATIC_ASSERT(offsetof(StDecoderInfo, total_frames) == 16, "StDecoderInfo.total_frames");
ST_STATIC_ASSERT(sizeof(StDecoderExtScore) == 24, "StDecoderExtScore");
ST_STATIC_ASSERT(sizeof(StDecoderInstanceVTable) == 6 * 8 + 64, "StDecoderInstanceVTable");
ST_STATIC_ASSERT(sizeof(StDecoderInstanceRef) == 32, "StDecoderInstanceRef");

ST_END_DECLS

#endif
