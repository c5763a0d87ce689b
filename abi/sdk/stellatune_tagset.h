/*
 * stellatune_tagset.h: gathers what a file says of itself, in all its places, for get_metadata_json_utf8.
 *
 * For decoder plugins. A file may say the same thing in several places: what was begun first (tags_next_source) counts,
 * in one place the field of the lowest rank, and of one field all values, joined by "; ". Texts come from hostile
 * files: each is cut at a limit.
 *
 *     Tags tags = {0};
 *     tags_add(&tags, TAG_TITLE, 0, text, len);
 *     tags_cover_place(&tags, is_front, head, sizeof head, offset, bytes);
 *     status = tags_tell(&tags, out);
 *     tags_free(&tags);
 */
#ifndef STELLATUNE_TAGSET_H
#define STELLATUNE_TAGSET_H

#include "stellatune_base64.h"
#include "stellatune_tags.h"

#define TAGS_COVER_BYTES ((size_t)12 << 20)
#define TAGS_TEXT_BYTES ((size_t)64 << 10)
#define TAGS_LYRICS_BYTES ((size_t)256 << 10)
/* By so many bytes at its start a picture is known. */
#define TAGS_HEAD_BYTES 12

typedef enum TagName {
    TAG_TITLE,
    TAG_ARTIST,
    TAG_ALBUM,
    TAG_ALBUM_ARTIST,
    TAG_TRACK,
    TAG_TRACK_TOTAL, /* told behind the track */
    TAG_DISC,
    TAG_DISC_TOTAL, /* told behind the disc */
    TAG_DATE,
    TAG_GENRE,
    TAG_COMPOSER,
    TAG_COMPILATION,
    TAG_LYRICS,
    TAG_TRACK_GAIN,
    TAG_TRACK_PEAK,
    TAG_ALBUM_GAIN,
    TAG_ALBUM_PEAK,
    TAG_REFERENCE_LOUDNESS,
    TAG_R128_TRACK_GAIN,
    TAG_R128_ALBUM_GAIN,
    TAG_COUNT
} TagName;

typedef struct TagText {
    char *bytes; /* on the heap */
    size_t len;
    size_t capacity;
    uint32_t rank;
} TagText;

/* The picture: `bytes`, or what lies at `offset` of the input. */
typedef struct TagCover {
    const char *mime; /* null: there is none */
    int is_front;
    const uint8_t *bytes;
    uint8_t *owned; /* freed with the tags */
    uint64_t offset;
    size_t len;
} TagCover;

typedef struct Tags {
    TagText texts[TAG_COUNT];
    uint32_t source;
    TagCover cover;
} Tags;

typedef struct TagRule {
    const char *field;
    TagName tag;
} TagRule;

/* Where tags are read from. */
typedef struct TagBytes {
    void *of;
    /* Up to `len` bytes from `offset` on; fewer at the end and after a failure. */
    size_t (*read_at)(void *of, uint64_t offset, uint8_t *out, size_t len);
    int is_forwards; /* it cannot go back: a picture is read when it is met */
} TagBytes;

/* ---- gathering ---- */

/* What follows counts only where nothing before has spoken. */
ST_SDK_UNUSED static void tags_next_source(Tags *tags) {
    tags->source++;
}

ST_SDK_UNUSED static int tags_has(const Tags *tags, TagName name) {
    return tags->texts[name].len > 0;
}

ST_SDK_UNUSED static int tags_is_utf8(const char *text, size_t len) {
    size_t at = 0, n = 1;
    for (; at < len && n; at += n) n = tags_utf8_length((const unsigned char *)text + at, len - at);
    return n != 0;
}

/* A code point as UTF-8; how many bytes. */
ST_SDK_UNUSED static size_t tags_put_utf8(char *out, uint32_t code) {
    if (code < 0x80) return out[0] = (char)code, 1;
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

ST_SDK_UNUSED static void tags_append(TagText *text, const char *bytes, size_t len, size_t limit) {
    if (len > limit - text->len) {
        len = limit - text->len;
        while (len && ((unsigned char)bytes[len] >> 6) == 2) len--; /* not in the middle of a character */
    }
    if (text->capacity - text->len < len) {
        size_t capacity = (text->len + len) * 2;
        char *grown = (char *)realloc(text->bytes, capacity);
        if (grown == NULL) return;
        text->bytes = grown;
        text->capacity = capacity;
    }
    if (len) memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

/* Adds a value of a field; `rank` below 256 chooses among the fields of one source, the lowest first. */
ST_SDK_UNUSED static void tags_add(Tags *tags, TagName name, uint32_t rank, const char *value, size_t len) {
    TagText *text = &tags->texts[name];
    size_t limit = name == TAG_LYRICS ? TAGS_LYRICS_BYTES : TAGS_TEXT_BYTES;
    rank += tags->source << 8;
    if (len == 0 || (text->len && text->rank < rank)) return;
    if (text->rank != rank) text->len = 0;
    text->rank = rank;
    if (text->len) tags_append(text, "; ", 2, limit);
    tags_append(text, value, len, limit);
}

/* A text of unknown encoding: UTF-8 where it can be, Latin-1 else; up to a zero, blanks at its end dropped. */
ST_SDK_UNUSED static void tags_add_legacy(Tags *tags, TagName name, uint32_t rank, const char *value, size_t len) {
    const char *zero = len ? (const char *)memchr(value, '\0', len) : NULL;
    if (zero) len = (size_t)(zero - value);
    if (len > TAGS_TEXT_BYTES) len = TAGS_TEXT_BYTES;
    while (len && value[len - 1] == ' ') len--;
    if (tags_is_utf8(value, len)) {
        tags_add(tags, name, rank, value, len);
    } else {
        char *utf8 = (char *)malloc(2 * len);
        size_t n = 0, i;
        for (i = 0; utf8 && i < len; i++) n += tags_put_utf8(utf8 + n, (unsigned char)value[i]);
        tags_add(tags, name, rank, utf8, n);
        free(utf8);
    }
}

/* What kind of picture begins like this; null: none that anybody shows. */
ST_SDK_UNUSED static const char *tags_picture_kind(const uint8_t *head, size_t len) {
    if (len < TAGS_HEAD_BYTES) return NULL;
    if (memcmp(head, "\xFF\xD8\xFF", 3) == 0) return "image/jpeg";
    if (memcmp(head, "\x89PNG\r\n\x1A\n", 8) == 0) return "image/png";
    if (memcmp(head, "GIF87a", 6) == 0 || memcmp(head, "GIF89a", 6) == 0) return "image/gif";
    return memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0 ? "image/webp" : NULL;
}

/* Whether such a picture would be taken: the first one, and the first front cover before others. */
ST_SDK_UNUSED static int tags_wants_cover(const Tags *tags, int is_front, uint64_t len) {
    return len >= TAGS_HEAD_BYTES && len <= TAGS_COVER_BYTES &&
           (tags->cover.mime == NULL || (is_front && !tags->cover.is_front));
}

ST_SDK_UNUSED static void tags_set_cover(Tags *tags, TagCover cover) {
    free(tags->cover.owned);
    tags->cover = cover;
}

/* Offers a picture that lies in the input as it is: `len` bytes from `offset` on, the first of them in `head`. */
ST_SDK_UNUSED static void tags_cover_place(Tags *tags, int is_front, const uint8_t *head, size_t head_len,
                                           uint64_t offset, uint64_t len) {
    TagCover cover = {tags_picture_kind(head, head_len), is_front, NULL, NULL, offset, (size_t)len};
    if (cover.mime && tags_wants_cover(tags, is_front, len)) tags_set_cover(tags, cover);
}

/* Offers a picture. `owned`: what is to be freed, here or with the tags; null: the bytes outlive them. */
ST_SDK_UNUSED static void tags_cover_bytes(Tags *tags, int is_front, const uint8_t *bytes, size_t len, uint8_t *owned) {
    TagCover cover = {tags_picture_kind(bytes, len), is_front, bytes, owned, 0, len};
    if (cover.mime && tags_wants_cover(tags, is_front, len)) tags_set_cover(tags, cover);
    else free(owned);
}

ST_SDK_UNUSED static void tags_free(Tags *tags) {
    int i;
    for (i = 0; i < TAG_COUNT; i++) free(tags->texts[i].bytes);
    free(tags->cover.owned);
    memset(tags, 0, sizeof *tags);
}

/* ---- telling ---- */

ST_SDK_UNUSED static void tags_put_base64(TagsJson *to, const uint8_t *data, size_t len) {
    char out[4096];
    size_t i, n = 0;
    for (i = 0; i < len; i += 3) {
        st_base64_group(data + i, len - i, out + n);
        n += 4;
        if (n < sizeof out && len - i > 3) continue;
        tags_put(to, out, n);
        n = 0;
    }
}

/* A text; behind it, after a slash, the number of all, where it does not say that itself. */
ST_SDK_UNUSED static void tags_put_text(TagsJson *to, const char *name, const TagText *text, const TagText *total) {
    size_t start = tags_open(to, name);
    tags_put(to, "\"", 1);
    tags_put_escaped(to, text->bytes, text->len);
    if (total && total->len && memchr(text->bytes, '/', text->len) == NULL) {
        tags_put(to, "/", 1);
        tags_put_escaped(to, total->bytes, total->len);
    }
    tags_put(to, "\"", 1);
    tags_close(to, start, name);
}

ST_SDK_UNUSED static void tags_put_cover(TagsJson *to, const TagCover *cover) {
    size_t start = tags_open(to, "cover");
    char text[120];
    int n = snprintf(text, sizeof text, "{\"mime\":\"%s\",", cover->mime);
    tags_put(to, text, (size_t)n);
    if (cover->bytes) {
        tags_put(to, "\"base64\":\"", 10);
        tags_put_base64(to, cover->bytes, cover->len);
        tags_put(to, "\"}", 2);
    } else {
        n = snprintf(text, sizeof text, "\"offset\":%llu,\"bytes\":%llu}", (unsigned long long)cover->offset,
                     (unsigned long long)cover->len);
        tags_put(to, text, (size_t)n);
    }
    tags_close(to, start, "cover");
}

/* The object, to be freed with st_plugin_free. */
ST_SDK_UNUSED static StStatus tags_tell(const Tags *tags, StStr *out) {
    static const char *const names[TAG_COUNT] = {
        "title", "artist", "album", "album_artist", "track", NULL, "disc", NULL, "date", "genre", "composer",
        "compilation", "lyrics", "replaygain_track_gain", "replaygain_track_peak", "replaygain_album_gain",
        "replaygain_album_peak", "replaygain_reference_loudness", "r128_track_gain", "r128_album_gain",
    };
    TagsJson to = tags_begin();
    int i;
    for (i = 0; i < TAG_COUNT; i++) {
        int has_total = i == TAG_TRACK || i == TAG_DISC;
        if (names[i] == NULL || tags->texts[i].len == 0) continue;
        tags_put_text(&to, names[i], &tags->texts[i], has_total ? &tags->texts[i + 1] : NULL);
    }
    if (tags->cover.mime) tags_put_cover(&to, &tags->cover);
    return tags_finish(&to, out);
}

#endif
