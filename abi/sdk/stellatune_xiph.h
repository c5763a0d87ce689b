/*
 * stellatune_xiph.h: what FLAC, Vorbis and Opus have in common - comments, pictures and the order of channels.
 *
 * For decoder plugins. Which comment becomes which tag is decided here and nowhere else. A field that occurs several
 * times gives its values joined by "; ".
 */
#ifndef STELLATUNE_XIPH_H
#define STELLATUNE_XIPH_H

#include <strings.h>

#include "stellatune_tags.h"

/* Comment `index` as "FIELD=value"; empty where there is none. */
typedef StStr (*XiphComment)(const void *comments, size_t index);

typedef struct XiphTagRule {
    const char *field;
    const char *tag;
} XiphTagRule;

/* The value of a comment "field=value" when it is of this field; null otherwise. */
ST_SDK_UNUSED static const char *xiph_value(StStr comment, const char *field, size_t *out_len) {
    size_t n = strlen(field);
    if (comment.len <= n + 1 || comment.ptr[n] != '=' || strncasecmp(comment.ptr, field, n) != 0) return NULL;
    *out_len = comment.len - n - 1;
    return comment.ptr + n + 1;
}

ST_SDK_UNUSED static int xiph_add_field(TagsJson *tags, const void *comments, size_t count, XiphComment comment,
                                        const XiphTagRule *rule) {
    size_t start = 0;
    int found = 0;
    for (size_t i = 0; i < count; i++) {
        size_t len = 0;
        const char *value = xiph_value(comment(comments, i), rule->field, &len);
        if (value == NULL) continue;
        if (!found) start = tags_open(tags, rule->tag);
        tags_put(tags, found ? "; " : "\"", found ? 2 : 1);
        tags_put_escaped(tags, value, len);
        found = 1;
    }
    if (!found) return 0;
    tags_put(tags, "\"", 1);
    tags_close(tags, start, rule->tag);
    return 1;
}

/* Adds what the comments say. Several fields may give one tag: the first of the table that the file holds counts. */
ST_SDK_UNUSED static void xiph_tags(TagsJson *tags, const void *comments, size_t count, XiphComment comment) {
    static const XiphTagRule rules[] = {
        {"TITLE", "title"},
        {"ARTIST", "artist"},
        {"ALBUM", "album"},
        {"ALBUMARTIST", "album_artist"},
        {"ALBUM ARTIST", "album_artist"},
        {"TRACKNUMBER", "track"},
        {"DISCNUMBER", "disc"},
        {"DATE", "date"},
        {"YEAR", "date"},
        {"GENRE", "genre"},
        {"COMPOSER", "composer"},
        {"REPLAYGAIN_TRACK_GAIN", "replaygain_track_gain"},
        {"REPLAYGAIN_TRACK_PEAK", "replaygain_track_peak"},
        {"REPLAYGAIN_ALBUM_GAIN", "replaygain_album_gain"},
        {"REPLAYGAIN_ALBUM_PEAK", "replaygain_album_peak"},
        {"REPLAYGAIN_REFERENCE_LOUDNESS", "replaygain_reference_loudness"},
        {"R128_TRACK_GAIN", "r128_track_gain"},
        {"R128_ALBUM_GAIN", "r128_album_gain"},
        {"LYRICS", "lyrics"},
        {"UNSYNCEDLYRICS", "lyrics"},
    };
    const char *given = "";
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcmp(rules[i].tag, given) == 0) continue;
        if (xiph_add_field(tags, comments, count, comment, &rules[i])) given = rules[i].tag;
    }
}

/* Bytes of base64 text into `out` (of 3/4 its length); how many. What is no base64 ends it. */
ST_SDK_UNUSED static size_t xiph_base64(const char *text, size_t len, uint8_t *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t held = 0, bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (digit == NULL) break;
        held = held << 6 | (uint32_t)(digit - digits);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        out[n++] = (uint8_t)(held >> bits);
    }
    return n;
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

/* Adds a FLAC picture block (RFC 9639, section 8.8) as the cover. */
ST_SDK_UNUSED static int xiph_picture_block(TagsJson *tags, const uint8_t *block, size_t size) {
    size_t at = 4, mime_len = 0, skipped = 0, len = 0;
    const uint8_t *mime, *data;
    char type[64];
    if (size < 32) return 0;
    mime = xiph_counted(block, size, &at, &mime_len);
    if (mime == NULL || mime_len >= sizeof type || xiph_counted(block, size, &at, &skipped) == NULL) return 0;
    if (size - at < 16) return 0;
    at += 16; /* width, height, depth, colours */
    data = xiph_counted(block, size, &at, &len);
    if (data == NULL || len == 0) return 0;
    memcpy(type, mime, mime_len);
    type[mime_len] = '\0';
    tags_cover(tags, type, data, len);
    return 1;
}

/* Adds the picture of Ogg files: METADATA_BLOCK_PICTURE, the front cover before others. */
ST_SDK_UNUSED static void xiph_cover(TagsJson *tags, const void *comments, size_t count, XiphComment comment) {
    enum { FRONT_COVER = 3, ANY = 21 };
    for (uint32_t wanted = FRONT_COVER; wanted <= ANY; wanted += ANY - FRONT_COVER) {
        for (size_t i = 0; i < count; i++) {
            size_t len = 0, size;
            const char *text = xiph_value(comment(comments, i), "METADATA_BLOCK_PICTURE", &len);
            uint8_t *block = text && len < TAGS_LIMIT_BYTES * 2 ? (uint8_t *)malloc(len) : NULL;
            int added;
            if (block == NULL) continue;
            size = xiph_base64(text, len, block);
            added = size >= 4 && (wanted == ANY || xiph_u32(block) == wanted) && xiph_picture_block(tags, block, size);
            free(block);
            if (added) return;
        }
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
