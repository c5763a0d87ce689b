/*
 * stellatune_id3.h: ID3v2.2 to 2.4 and ID3v1, read from where they lie in an input.
 *
 * For decoder plugins. A tag is walked frame by frame: what nobody asks for is passed over unread, pictures too - it is
 * told where they lie. No size in a tag is believed beyond the tag, no tag beyond the input; encrypted and compressed
 * frames are left out. Which frame becomes which tag is decided here and nowhere else.
 *
 *     TagBytes bytes = {input, read_at, 0};
 *     while ((size = id3_read(&tags, &bytes, at, end)) != 0) at += size;
 */
#ifndef STELLATUNE_ID3_H
#define STELLATUNE_ID3_H

#include <strings.h>

#include "stellatune_id3_genres.h"
#include "stellatune_tagset.h"

#define ID3_HEAD_BYTES 10
#define ID3_V1_BYTES 128
#define ID3_MOST_FRAMES 10000u
/* Of a tag in which zeros are to be left out, every byte must be read: no more than these. */
#define ID3_UNSYNCHRONISED_BYTES ((uint64_t)32 << 20)
/* What stands before the bytes of a picture, its description the longest part. */
#define ID3_PICTURE_HEAD_BYTES 1024u
#define ID3_WINDOW_BYTES 4096u

/* A stretch of the input, read forwards. */
typedef struct Id3Cursor {
    const TagBytes *bytes;
    uint64_t at, end;     /* in the input */
    uint64_t left;        /* bytes to give, once zeros are left out */
    int unsynchronised;   /* a zero behind 0xFF is none */
    int after_ff;
    struct Id3Window *window;
} Id3Cursor;

typedef struct Id3Window {
    uint64_t at;
    size_t len;
    uint8_t bytes[ID3_WINDOW_BYTES];
} Id3Window;

ST_SDK_UNUSED static uint32_t id3_u32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

ST_SDK_UNUSED static uint32_t id3_synchsafe(const uint8_t *p) {
    return (uint32_t)(p[0] & 127) << 21 | (uint32_t)(p[1] & 127) << 14 | (uint32_t)(p[2] & 127) << 7 | (p[3] & 127);
}

/* ---- reading ---- */

ST_SDK_UNUSED static size_t id3_raw(Id3Cursor *c, uint8_t *out, size_t len) {
    Id3Window *window = c->window;
    size_t done = 0;
    while (done < len && c->at < c->end) {
        size_t n, from;
        if (c->at < window->at || c->at - window->at >= window->len) {
            window->at = c->at;
            n = c->end - c->at < sizeof window->bytes ? (size_t)(c->end - c->at) : sizeof window->bytes;
            window->len = c->bytes->read_at(c->bytes->of, c->at, window->bytes, n);
            if (window->len == 0) c->end = c->at; /* the input ends within the tag */
            if (window->len == 0) break;
        }
        from = (size_t)(c->at - window->at);
        n = window->len - from < len - done ? window->len - from : len - done;
        if (n > c->end - c->at) n = (size_t)(c->end - c->at);
        memcpy(out + done, window->bytes + from, n);
        done += n;
        c->at += n;
    }
    return done;
}

/* Up to `len` bytes as the writer meant them. */
ST_SDK_UNUSED static size_t id3_take(Id3Cursor *c, uint8_t *out, size_t len) {
    size_t done = 0;
    if (len > c->left) len = (size_t)c->left;
    if (!c->unsynchronised) {
        done = id3_raw(c, out, len);
    } else {
        uint8_t byte;
        while (done < len && id3_raw(c, &byte, 1) == 1) {
            int is_stuffing = c->after_ff && byte == 0;
            c->after_ff = byte == 0xFF;
            if (!is_stuffing) out[done++] = byte;
        }
    }
    c->left -= done;
    return done;
}

ST_SDK_UNUSED static void id3_skip(Id3Cursor *c, uint64_t len) {
    uint8_t dropped[256];
    if (len > c->left) len = c->left;
    if (!c->unsynchronised) {
        c->at = len < c->end - c->at ? c->at + len : c->end;
        c->left -= len;
        return;
    }
    while (len > 0) {
        size_t n = id3_take(c, dropped, len < sizeof dropped ? (size_t)len : sizeof dropped);
        if (n == 0) return;
        len -= n;
    }
}

/* ---- texts ---- */

/*
 * `len` bytes in one of the four encodings as UTF-8, zeros kept; to be freed, null without memory. Half a pair of
 * UTF-16 becomes U+FFFD. Without a byte order mark, little-endian: those who leave it out are on such machines.
 */
ST_SDK_UNUSED static char *id3_utf8(unsigned encoding, const uint8_t *p, size_t len, size_t *out_len) {
    char *out = (char *)malloc(2 * len + 1);
    size_t n = 0, i;
    int big = encoding == 2, begins = 1;
    if (out == NULL) return NULL;
    if (encoding == 3 || encoding > 3) {
        memcpy(out, p, len);
        n = len;
    } else if (encoding == 0) {
        for (i = 0; i < len; i++) n += tags_put_utf8(out + n, p[i]);
    } else {
        for (i = 0; i + 1 < len; i += 2) {
            uint32_t unit = big ? (uint32_t)p[i] << 8 | p[i + 1] : (uint32_t)p[i + 1] << 8 | p[i];
            if (begins && (unit == 0xFEFF || unit == 0xFFFE)) {
                if (unit == 0xFFFE) big = !big;
                begins = 0;
                continue;
            }
            begins = unit == 0;
            if (unit >= 0xD800 && unit < 0xDC00 && i + 3 < len) {
                uint32_t low = big ? (uint32_t)p[i + 2] << 8 | p[i + 3] : (uint32_t)p[i + 3] << 8 | p[i + 2];
                if (low >= 0xDC00 && low < 0xE000) {
                    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                    i += 2;
                }
            }
            n += tags_put_utf8(out + n, unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit);
        }
    }
    *out_len = n;
    return out;
}

/* The next of the values in a text, which zeros separate; empty behind the last one. */
ST_SDK_UNUSED static StStr id3_value(const char *text, size_t len, size_t *at) {
    StStr value = {NULL, 0};
    const char *zero;
    while (*at < len && text[*at] == '\0') ++*at;
    if (*at >= len) return value;
    value.ptr = text + *at;
    zero = (const char *)memchr(value.ptr, '\0', len - *at);
    value.len = zero ? (size_t)(zero - value.ptr) : len - *at;
    *at += value.len;
    return value;
}

/* "17" and "(17)" are numbers, "(17)Hard" refines one, "((17)" is a text in brackets. */
ST_SDK_UNUSED static void id3_add_genre(Tags *tags, uint32_t rank, StStr value) {
    const char *p = value.ptr, *end = p + value.len, *name = id3_genre(p, value.len);
    if (name) {
        tags_add(tags, TAG_GENRE, rank, name, strlen(name));
        return;
    }
    for (int pass = 0; pass < 2; pass++) { /* first to see whether a text follows, which then counts alone */
        p = value.ptr;
        while (p < end && *p == '(' && end - p > 1 && p[1] != '(') {
            const char *close = (const char *)memchr(p, ')', (size_t)(end - p));
            name = close ? id3_genre(p + 1, (size_t)(close - p) - 1) : NULL;
            if (name == NULL) break;
            if (pass) tags_add(tags, TAG_GENRE, rank, name, strlen(name));
            p = close + 1;
        }
        if (p < end) break;
    }
    if (end - p > 1 && p[0] == '(' && p[1] == '(') p++;
    if (p < end) tags_add(tags, TAG_GENRE, rank, p, (size_t)(end - p));
}

typedef struct Id3Rule {
    const char *field, *old_field; /* of 2.3 and 2.4; of 2.2 */
    TagName tag;
} Id3Rule;

/* Several frames may give one tag: the first of this table that the tag holds counts. */
static const Id3Rule ID3_RULES[] = {
    {"TIT2", "TT2", TAG_TITLE}, {"TPE1", "TP1", TAG_ARTIST}, {"TALB", "TAL", TAG_ALBUM},
    {"TPE2", "TP2", TAG_ALBUM_ARTIST}, {"TRCK", "TRK", TAG_TRACK}, {"TPOS", "TPA", TAG_DISC},
    {"TDRC", "", TAG_DATE}, {"TYER", "TYE", TAG_DATE}, {"TDRL", "", TAG_DATE},
    {"TCON", "TCO", TAG_GENRE}, {"TCOM", "TCM", TAG_COMPOSER}, {"TCMP", "TCP", TAG_COMPILATION},
    {"USLT", "ULT", TAG_LYRICS},
};

/* TXXX by its description, case apart. */
static const TagRule ID3_EXTRAS[] = {
    {"REPLAYGAIN_TRACK_GAIN", TAG_TRACK_GAIN}, {"REPLAYGAIN_TRACK_PEAK", TAG_TRACK_PEAK},
    {"REPLAYGAIN_ALBUM_GAIN", TAG_ALBUM_GAIN}, {"REPLAYGAIN_ALBUM_PEAK", TAG_ALBUM_PEAK},
    {"REPLAYGAIN_REFERENCE_LOUDNESS", TAG_REFERENCE_LOUDNESS},
};

#define ID3_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* One tag while it is read. */
typedef struct Id3Tag {
    Tags *tags;
    unsigned version;  /* 2, 3 or 4 */
    unsigned lyrics;   /* how many frames of them were seen */
    char year[8], day[8]; /* of 2.3 and before: "1999" and "3112" for the last of December */
} Id3Tag;

/* All of a frame's text, or what of it will be used, as UTF-8; to be freed. */
ST_SDK_UNUSED static char *id3_frame_text(Id3Cursor *frame, size_t skipped, size_t limit, size_t *out_len) {
    uint64_t there = frame->end - frame->at < frame->left ? frame->end - frame->at : frame->left;
    size_t room = there < 2 * limit ? (size_t)there : 2 * limit, len;
    uint8_t encoding, language[3];
    uint8_t *raw;
    char *text = NULL;
    if (id3_take(frame, &encoding, 1) != 1 || id3_take(frame, language, skipped) != skipped) return NULL;
    raw = (uint8_t *)malloc(room + 1);
    if (raw == NULL) return NULL;
    len = id3_take(frame, raw, room);
    text = id3_utf8(encoding, raw, len, out_len);
    free(raw);
    return text;
}

ST_SDK_UNUSED static void id3_keep(char *kept, size_t room, StStr value) {
    if (value.len < room) {
        memcpy(kept, value.ptr, value.len);
        kept[value.len] = '\0';
    }
}

ST_SDK_UNUSED static void id3_text_frame(Id3Tag *tag, Id3Cursor *frame, uint32_t rank, const Id3Rule *rule) {
    size_t len = 0, at = 0;
    char *text = id3_frame_text(frame, 0, TAGS_TEXT_BYTES, &len);
    StStr value;
    if (text == NULL) return;
    for (value = id3_value(text, len, &at); value.len; value = id3_value(text, len, &at)) {
        if (rule == NULL) id3_keep(tag->day, sizeof tag->day, value);
        else if (rule->field[1] == 'Y' && value.len < sizeof tag->year) id3_keep(tag->year, sizeof tag->year, value);
        else if (rule->tag == TAG_GENRE) id3_add_genre(tag->tags, rank, value);
        else tags_add(tag->tags, rule->tag, rank, value.ptr, value.len);
    }
    free(text);
}

/* A description, a zero, and what is meant. */
ST_SDK_UNUSED static void id3_described(Id3Tag *tag, Id3Cursor *frame, uint32_t rank, int is_lyrics) {
    size_t len = 0, at = 0, i;
    char *text = id3_frame_text(frame, is_lyrics ? 3 : 0, is_lyrics ? TAGS_LYRICS_BYTES : TAGS_TEXT_BYTES, &len);
    const char *zero = text && len ? (const char *)memchr(text, '\0', len) : NULL;
    if (zero && is_lyrics) {
        StStr value;
        at = (size_t)(zero - text);
        value = id3_value(text, len, &at);
        tags_add(tag->tags, TAG_LYRICS, rank, value.ptr, value.len);
    }
    for (i = 0; zero && !is_lyrics && i < ID3_COUNT(ID3_EXTRAS); i++) {
        StStr value;
        if (strcasecmp(text, ID3_EXTRAS[i].field) != 0) continue;
        at = (size_t)(zero - text);
        for (value = id3_value(text, len, &at); value.len; value = id3_value(text, len, &at))
            tags_add(tag->tags, ID3_EXTRAS[i].tag, 0, value.ptr, value.len);
    }
    free(text);
}

/* The length of what precedes the picture's bytes in `head`: encoding, type of picture, description. 0: nonsense. */
ST_SDK_UNUSED static size_t id3_picture_at(const Id3Tag *tag, const uint8_t *head, size_t len, int *is_front) {
    int wide = len && (head[0] == 1 || head[0] == 2);
    size_t at = 1;
    if (tag->version == 2) at += 3;
    else while (at < len && head[at++] != 0) {}
    if (at >= len) return 0;
    *is_front = head[at++] == 3;
    for (; at < len; at += wide ? 2 : 1) {
        if (head[at] != 0 || (wide && (at + 1 >= len || head[at + 1] != 0))) continue;
        return at + (wide ? 2 : 1);
    }
    return 0;
}

ST_SDK_UNUSED static void id3_picture_frame(Id3Tag *tag, Id3Cursor *frame) {
    Id3Cursor body = *frame;
    uint8_t head[ID3_PICTURE_HEAD_BYTES], first[TAGS_HEAD_BYTES];
    size_t len = id3_take(frame, head, sizeof head), before;
    int is_front = 0;
    uint64_t size;
    before = id3_picture_at(tag, head, len, &is_front);
    if (before == 0 || before > len) return;
    id3_skip(&body, before);
    size = body.end - body.at < body.left ? body.end - body.at : body.left;
    if (!tags_wants_cover(tag->tags, is_front, size)) return;
    if (!body.unsynchronised && !body.bytes->is_forwards) {
        uint64_t at = body.at;
        tags_cover_place(tag->tags, is_front, first, id3_take(&body, first, sizeof first), at, size);
    } else {
        uint8_t *picture = (uint8_t *)malloc((size_t)size);
        if (picture == NULL) return;
        len = id3_take(&body, picture, (size_t)size);
        tags_cover_bytes(tag->tags, is_front, picture, len, picture);
    }
}

ST_SDK_UNUSED static void id3_frame(Id3Tag *tag, Id3Cursor *frame, const char *id) {
    int old = tag->version == 2;
    uint32_t i;
    if (strcmp(id, old ? "PIC" : "APIC") == 0) {
        id3_picture_frame(tag, frame);
    } else if (strcmp(id, old ? "TXX" : "TXXX") == 0) {
        id3_described(tag, frame, 0, 0);
    } else if (strcmp(id, old ? "TDA" : "TDAT") == 0) {
        id3_text_frame(tag, frame, 0, NULL);
    } else {
        for (i = 0; i < ID3_COUNT(ID3_RULES); i++) {
            const Id3Rule *rule = &ID3_RULES[i];
            if (strcmp(id, old ? rule->old_field : rule->field) != 0) continue;
            if (rule->tag == TAG_LYRICS && tag->lyrics < 255) id3_described(tag, frame, tag->lyrics++, 1);
            else if (rule->tag != TAG_LYRICS) id3_text_frame(tag, frame, i, rule);
            return;
        }
    }
}

/* ---- frames ---- */

ST_SDK_UNUSED static int id3_is_name(const uint8_t *p, size_t len) {
    size_t i;
    for (i = 0; i < len; i++)
        if (!((p[i] >= 'A' && p[i] <= 'Z') || (p[i] >= '0' && p[i] <= '9'))) return 0;
    return 1;
}

/* Sizes of 2.4 are synchsafe, but old iTunes writes them plain: then that leads to a frame, and the other does not. */
ST_SDK_UNUSED static uint64_t id3_size_of_24(const Id3Cursor *c, const uint8_t *size) {
    uint64_t safe = id3_synchsafe(size), plain = id3_u32(size), sizes[2];
    int leads[2], i;
    if (safe == plain || c->bytes->is_forwards) return safe;
    sizes[0] = safe;
    sizes[1] = plain;
    for (i = 0; i < 2; i++) {
        Id3Window window = {0, 0, {0}};
        Id3Cursor next = *c;
        uint8_t name[4] = {0};
        size_t len;
        next.window = &window;
        leads[i] = sizes[i] <= c->end - c->at;
        if (!leads[i]) continue;
        next.at += sizes[i];
        len = id3_raw(&next, name, sizeof name);
        leads[i] = len == 0 || name[0] == 0 || (len == sizeof name && id3_is_name(name, sizeof name));
    }
    return !leads[0] && leads[1] ? plain : safe;
}

/* One frame; 0 when there is none any more. */
ST_SDK_UNUSED static int id3_next_frame(Id3Tag *tag, Id3Cursor *c) {
    size_t name_len = tag->version == 2 ? 3 : 4, head_len = tag->version == 2 ? 6 : 10;
    uint8_t head[10] = {0}, extra[5];
    char id[5] = {0};
    Id3Cursor frame;
    uint64_t size;
    unsigned flags, left_out, grouped, counted;
    if (id3_take(c, head, head_len) != head_len || !id3_is_name(head, name_len)) return 0;
    memcpy(id, head, name_len);
    size = tag->version == 2 ? id3_u32(head + 2) & 0xFFFFFF
           : tag->version == 3 ? id3_u32(head + 4) : id3_size_of_24(c, head + 4);
    if (size > c->left || size > c->end - c->at) return 0;
    flags = tag->version == 2 ? 0 : head[9];
    left_out = tag->version == 4 ? flags & 0x0C : flags & 0xC0;
    grouped = tag->version == 4 ? flags & 0x40 : flags & 0x20;
    counted = tag->version == 4 ? flags & 0x01 : 0;
    frame = *c;
    frame.left = size;
    if (tag->version == 4) { /* the size counts what lies there, the zeros that are none as well */
        frame.end = c->at + size;
        frame.unsynchronised = frame.unsynchronised || flags & 0x02;
        frame.after_ff = 0;
    }
    if (!left_out) {
        Id3Cursor body = frame;
        size_t before = (grouped ? 1 : 0) + (counted ? 4 : 0);
        if (id3_take(&body, extra, before) == before) id3_frame(tag, &body, id);
    }
    if (tag->version == 4) {
        c->at = frame.end;
        c->left -= size;
    } else {
        id3_skip(&frame, size);
        c->at = frame.at;
        c->after_ff = frame.after_ff;
        c->left -= size < c->left ? size : c->left;
    }
    return 1;
}

/* Behind an extended header, which says how long it is in one of two ways. */
ST_SDK_UNUSED static void id3_pass_extended(Id3Tag *tag, Id3Cursor *c) {
    uint8_t size[4];
    if (id3_take(c, size, 4) != 4) return;
    if (tag->version == 3) id3_skip(c, id3_u32(size));
    else if (id3_synchsafe(size) > 4) id3_skip(c, id3_synchsafe(size) - 4);
}

ST_SDK_UNUSED static void id3_add_year(Id3Tag *tag) {
    char date[16];
    size_t digits = strspn(tag->day, "0123456789");
    if (tag->year[0] == '\0') return;
    if (strlen(tag->year) == 4 && digits == 4 && tag->day[4] == '\0')
        snprintf(date, sizeof date, "%.4s-%.2s-%.2s", tag->year, tag->day + 2, tag->day);
    else
        snprintf(date, sizeof date, "%s", tag->year);
    tags_add(tag->tags, TAG_DATE, 7, date, strlen(date));
}

/* Reads a tag at `at` of an input that ends at `end`, as a source of its own; its length in bytes, 0: none is there. */
ST_SDK_UNUSED static uint64_t id3_read(Tags *tags, const TagBytes *bytes, uint64_t at, uint64_t end) {
    uint8_t head[ID3_HEAD_BYTES];
    Id3Window window = {0, 0, {0}};
    Id3Cursor c = {bytes, at, end, ID3_HEAD_BYTES, 0, 0, &window};
    Id3Tag tag = {tags, 0, 0, "", ""};
    uint64_t whole;
    uint32_t i;
    if (at >= end || id3_take(&c, head, sizeof head) != sizeof head || memcmp(head, "ID3", 3) != 0) return 0;
    tag.version = head[3];
    if (head[3] == 0xFF || head[4] == 0xFF || ((head[6] | head[7] | head[8] | head[9]) & 128)) return 0;
    whole = id3_synchsafe(head + 6);
    c.left = whole;
    if (whole < c.end - c.at) c.end = c.at + whole;
    whole += ID3_HEAD_BYTES + (tag.version == 4 && head[5] & 0x10 ? ID3_HEAD_BYTES : 0);
    tags_next_source(tags);
    if (tag.version < 2 || tag.version > 4 || (tag.version == 2 && head[5] & 0x40)) return whole;
    c.unsynchronised = (head[5] & 0x80) != 0;
    if (c.unsynchronised && c.end - c.at > ID3_UNSYNCHRONISED_BYTES) c.end = c.at + ID3_UNSYNCHRONISED_BYTES;
    if (tag.version > 2 && head[5] & 0x40) id3_pass_extended(&tag, &c);
    for (i = 0; i < ID3_MOST_FRAMES && id3_next_frame(&tag, &c); i++) {}
    id3_add_year(&tag);
    return whole;
}

/* Reads the last 128 bytes of an input where they are an ID3v1 tag, as a source of its own. */
ST_SDK_UNUSED static void id3_read_v1(Tags *tags, const uint8_t *tag) {
    static const struct {
        TagName tag;
        size_t at, len;
    } fields[] = {{TAG_TITLE, 3, 30}, {TAG_ARTIST, 33, 30}, {TAG_ALBUM, 63, 30}, {TAG_DATE, 93, 4}};
    char number[4];
    size_t i;
    if (memcmp(tag, "TAG", 3) != 0) return;
    tags_next_source(tags);
    for (i = 0; i < ID3_COUNT(fields); i++)
        tags_add_legacy(tags, fields[i].tag, 0, (const char *)tag + fields[i].at, fields[i].len);
    snprintf(number, sizeof number, "%u", tag[127]);
    if (id3_genre(number, strlen(number)))
        tags_add(tags, TAG_GENRE, 0, id3_genre(number, strlen(number)), strlen(id3_genre(number, strlen(number))));
    snprintf(number, sizeof number, "%u", tag[126]);
    if (tag[125] == 0 && tag[126] != 0) tags_add(tags, TAG_TRACK, 0, number, strlen(number));
}

#endif
