/*
 * stellatune_xiph.h: what FLAC, Vorbis and Opus have in common - comments, pictures and the order of channels.
 *
 * For decoder plugins. Which comment becomes which tag is decided here and nowhere else.
 */
#ifndef STELLATUNE_XIPH_H
#define STELLATUNE_XIPH_H

#include <strings.h>

#include "stellatune_base64.h"
#include "stellatune_tagset.h"

/* Comment `index` as "FIELD=value"; empty where there is none. */
typedef StStr (*XiphComment)(const void *comments, size_t index);

/* A file with more comments than this is no music; those behind are not looked at. */
#define XIPH_MOST_COMMENTS 200000u
/* A picture as base64 with its header: longer ones are left out before anything is made of them. */
#define XIPH_PICTURE_TEXT_BYTES ((TAGS_COVER_BYTES + 65536) / 3 * 4)

/* The value of a comment "field=value" when it is of this field; null otherwise. */
ST_SDK_UNUSED static const char *xiph_value(StStr comment, const char *field, size_t *out_len) {
    size_t n = strlen(field);
    if (comment.len <= n + 1 || comment.ptr[n] != '=' || strncasecmp(comment.ptr, field, n) != 0) return NULL;
    *out_len = comment.len - n - 1;
    return comment.ptr + n + 1;
}

/* Adds what the comments say. Several fields may give one tag: the first of the table that the file holds counts. */
ST_SDK_UNUSED static void xiph_tags(Tags *tags, const void *comments, size_t count, XiphComment comment) {
    static const TagRule rules[] = {
        {"TITLE", TAG_TITLE},
        {"ARTIST", TAG_ARTIST},
        {"ALBUM", TAG_ALBUM},
        {"ALBUMARTIST", TAG_ALBUM_ARTIST},
        {"ALBUM ARTIST", TAG_ALBUM_ARTIST},
        {"TRACKNUMBER", TAG_TRACK},
        {"TRACKTOTAL", TAG_TRACK_TOTAL},
        {"TOTALTRACKS", TAG_TRACK_TOTAL},
        {"DISCNUMBER", TAG_DISC},
        {"DISCTOTAL", TAG_DISC_TOTAL},
        {"TOTALDISCS", TAG_DISC_TOTAL},
        {"DATE", TAG_DATE},
        {"YEAR", TAG_DATE},
        {"GENRE", TAG_GENRE},
        {"COMPOSER", TAG_COMPOSER},
        {"COMPILATION", TAG_COMPILATION},
        {"REPLAYGAIN_TRACK_GAIN", TAG_TRACK_GAIN},
        {"REPLAYGAIN_TRACK_PEAK", TAG_TRACK_PEAK},
        {"REPLAYGAIN_ALBUM_GAIN", TAG_ALBUM_GAIN},
        {"REPLAYGAIN_ALBUM_PEAK", TAG_ALBUM_PEAK},
        {"REPLAYGAIN_REFERENCE_LOUDNESS", TAG_REFERENCE_LOUDNESS},
        {"R128_TRACK_GAIN", TAG_R128_TRACK_GAIN},
        {"R128_ALBUM_GAIN", TAG_R128_ALBUM_GAIN},
        {"LYRICS", TAG_LYRICS},
        {"UNSYNCEDLYRICS", TAG_LYRICS},
    };
    if (count > XIPH_MOST_COMMENTS) count = XIPH_MOST_COMMENTS;
    for (size_t i = 0; i < count; i++) {
        StStr each = comment(comments, i);
        for (size_t rule = 0; each.len && rule < sizeof rules / sizeof rules[0]; rule++) {
            size_t len = 0;
            const char *value = xiph_value(each, rules[rule].field, &len);
            if (value == NULL) continue;
            tags_add(tags, rules[rule].tag, (uint32_t)rule, value, len);
            break;
        }
    }
}

ST_SDK_UNUSED static uint32_t xiph_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Where a length of 32 bits stands at `at`: its bytes follow it, and `at` is moved behind them. */
ST_SDK_UNUSED static const uint8_t *xiph_counted(const uint8_t *block, size_t size, size_t *at, size_t *out_len) {
    const uint8_t *bytes;
    if (size - *at < 4) return NULL;
    *out_len = xiph_u32(block + *at);
    if (*out_len > size - *at - 4) return NULL;
    bytes = block + *at + 4;
    *at += 4 + *out_len;
    return bytes;
}

#define XIPH_FRONT_COVER 3u

/* Offers the picture in a FLAC picture block (RFC 9639, section 8.8), which is the tags' from here on. */
ST_SDK_UNUSED static void xiph_picture_block(Tags *tags, uint8_t *block, size_t size) {
    size_t at = 4, skipped = 0, len = 0;
    const uint8_t *data = NULL;
    if (size >= 32 && xiph_counted(block, size, &at, &skipped) && xiph_counted(block, size, &at, &skipped) &&
        size - at >= 16) {
        at += 16; /* width, height, depth, colours */
        data = xiph_counted(block, size, &at, &len);
    }
    if (data) tags_cover_bytes(tags, xiph_u32(block) == XIPH_FRONT_COVER, data, len, block);
    else free(block);
}

/* Offers the pictures of Ogg files: METADATA_BLOCK_PICTURE, and COVERART of old ones, which is the picture itself. */
ST_SDK_UNUSED static void xiph_cover(Tags *tags, const void *comments, size_t count, XiphComment comment) {
    if (count > XIPH_MOST_COMMENTS) count = XIPH_MOST_COMMENTS;
    for (size_t i = 0; i < count; i++) {
        size_t len = 0, size;
        StStr each = comment(comments, i);
        const char *text = xiph_value(each, "METADATA_BLOCK_PICTURE", &len);
        int is_block = text != NULL;
        uint8_t *block;
        if (text == NULL) text = xiph_value(each, "COVERART", &len);
        if (text == NULL || len > XIPH_PICTURE_TEXT_BYTES || !tags_wants_cover(tags, 1, TAGS_HEAD_BYTES)) continue;
        block = (uint8_t *)malloc(len);
        if (block == NULL) continue;
        size = st_base64_decode(text, len, block);
        if (is_block) xiph_picture_block(tags, block, size);
        else tags_cover_bytes(tags, 0, block, size, block);
    }
}

/* Which channel of a Vorbis or Opus frame stands where in a frame of WAVEFORMATEXTENSIBLE; null: the same order. */
ST_SDK_UNUSED static const uint8_t *xiph_channel_order(uint32_t channels) {
    static const uint8_t orders[][8] = {
        {0, 2, 1}, /* left, centre, right */
        {0},
        {0, 2, 1, 3, 4},          /* L C R, rear L R */
        {0, 2, 1, 5, 3, 4},       /* L C R, rear L R, LFE */
        {0, 2, 1, 6, 5, 3, 4},    /* L C R, side L R, rear centre, LFE: as FL FR FC LFE BC SL SR */
        {0, 2, 1, 7, 5, 6, 3, 4}, /* L C R, side L R, rear L R, LFE: as FL FR FC LFE BL BR SL SR */
    };
    return channels < 3 || channels > 8 || channels == 4 ? NULL : orders[channels - 3];
}

/* Interleaved frames of Vorbis or Opus into that order, in place. */
ST_SDK_UNUSED static void xiph_reorder(float *samples, size_t frames, uint32_t channels) {
    const uint8_t *order = xiph_channel_order(channels);
    float frame[8];
    if (order == NULL) return;
    for (size_t i = 0; i < frames; i++, samples += channels) {
        memcpy(frame, samples, sizeof(float) * channels);
        for (uint32_t c = 0; c < channels; c++) samples[c] = frame[order[c]];
    }
}

#endif
