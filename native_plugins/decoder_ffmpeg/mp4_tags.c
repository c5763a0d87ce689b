/*
 * mp4_tags.c: walks the boxes on the way to the list of tags, and no others. libavformat gives one value of each field,
 * and reads covers whatever their size.
 */
#include "mp4_tags.h"

#include <stellatune_id3_genres.h>
#include <strings.h>

#define MOST_BOXES 10000u
#define NAME_BYTES 64u

/* What is inside a box, or inside the file. */
typedef struct Box {
    uint8_t name[4];
    uint64_t at, end;
} Box;

typedef struct Walk {
    Tags *tags;
    const TagBytes *bytes;
    uint32_t boxes; /* seen so far, in all */
} Walk;

static uint32_t u32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The box that begins at `*at` of another, and `*at` behind it; 0: there is none, or it does not fit in. */
static int next_box(Walk *walk, const Box *in, uint64_t *at, Box *out) {
    uint8_t head[16];
    uint64_t size, head_len = 8;
    if (++walk->boxes > MOST_BOXES || *at > in->end || in->end - *at < 8) return 0;
    if (walk->bytes->read_at(walk->bytes->of, *at, head, sizeof head) < 8) return 0;
    size = u32(head);
    if (size == 1) {
        size = (uint64_t)u32(head + 8) << 32 | u32(head + 12);
        head_len = 16;
    } else if (size == 0) {
        size = in->end - *at;
    }
    if (size < head_len || size > in->end - *at) return 0;
    memcpy(out->name, head + 4, 4);
    out->at = *at + head_len;
    out->end = *at + size;
    *at = out->end;
    return 1;
}

/* Goes into the first box of that name. */
static int go_into(Walk *walk, Box *box, const char *name) {
    uint64_t at = box->at;
    Box inner;
    while (next_box(walk, box, &at, &inner)) {
        if (memcmp(inner.name, name, 4) != 0) continue;
        *box = inner;
        return 1;
    }
    return 0;
}

/* The value in a data box: behind its type and its language. */
static void add_text(Walk *walk, TagName tag, uint32_t rank, uint64_t at, uint64_t len) {
    size_t limit = tag == TAG_LYRICS ? TAGS_LYRICS_BYTES : TAGS_TEXT_BYTES, got;
    char *text;
    if (len > limit) len = limit;
    text = malloc((size_t)len + 1);
    if (text == NULL) return;
    got = walk->bytes->read_at(walk->bytes->of, at, (uint8_t *)text, (size_t)len);
    tags_add(walk->tags, tag, rank, text, got);
    free(text);
}

static void add_numbers(Walk *walk, TagName tag, TagName total, uint64_t at) {
    uint8_t pair[6] = {0};
    char text[8];
    unsigned numbers[2];
    if (walk->bytes->read_at(walk->bytes->of, at, pair, sizeof pair) != sizeof pair) return;
    for (int i = 0; i < 2; i++) numbers[i] = (unsigned)pair[2 + 2 * i] << 8 | pair[3 + 2 * i];
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "%u", numbers[i]);
        if (numbers[i]) tags_add(walk->tags, i ? total : tag, 0, text, strlen(text));
    }
}

static void add_genre(Walk *walk, uint64_t at) {
    uint8_t number[2] = {0};
    char text[8];
    const char *name;
    if (walk->bytes->read_at(walk->bytes->of, at, number, 2) != 2 || (number[0] == 0 && number[1] == 0)) return;
    snprintf(text, sizeof text, "%u", ((unsigned)number[0] << 8 | number[1]) - 1);
    name = id3_genre(text, strlen(text));
    if (name) tags_add(walk->tags, TAG_GENRE, 1, name, strlen(name));
}

/* The first picture is the front cover; the type that is claimed does not count. */
static void add_cover(Walk *walk, uint64_t at, uint64_t len) {
    uint8_t head[TAGS_HEAD_BYTES];
    size_t got;
    if (!tags_wants_cover(walk->tags, 0, len)) return;
    got = walk->bytes->read_at(walk->bytes->of, at, head, sizeof head);
    tags_cover_place(walk->tags, 1, head, got, at, len);
}

static void add_value(Walk *walk, const uint8_t *name, uint64_t at, uint64_t len) {
    static const TagRule texts[] = {
        {"\251nam", TAG_TITLE}, {"\251ART", TAG_ARTIST}, {"\251alb", TAG_ALBUM},    {"aART", TAG_ALBUM_ARTIST},
        {"\251day", TAG_DATE},  {"\251gen", TAG_GENRE},  {"\251wrt", TAG_COMPOSER}, {"\251lyr", TAG_LYRICS},
    };
    uint8_t flag = 0;
    for (uint32_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (memcmp(name, texts[i].field, 4) == 0) add_text(walk, texts[i].tag, 0, at, len);
    if (memcmp(name, "trkn", 4) == 0 && len >= 6) add_numbers(walk, TAG_TRACK, TAG_TRACK_TOTAL, at);
    if (memcmp(name, "disk", 4) == 0 && len >= 6) add_numbers(walk, TAG_DISC, TAG_DISC_TOTAL, at);
    if (memcmp(name, "gnre", 4) == 0 && len >= 2) add_genre(walk, at);
    if (memcmp(name, "covr", 4) == 0) add_cover(walk, at, len);
    if (memcmp(name, "cpil", 4) == 0 && walk->bytes->read_at(walk->bytes->of, at, &flag, 1) == 1 && flag)
        tags_add(walk->tags, TAG_COMPILATION, 0, "1", 1);
}

/* The text of a box that begins with four bytes of flags. */
static void read_name(Walk *walk, const Box *box, char *out) {
    uint64_t len = box->end - box->at > 4 ? box->end - box->at - 4 : 0;
    size_t got = 0;
    if (len < NAME_BYTES) got = walk->bytes->read_at(walk->bytes->of, box->at + 4, (uint8_t *)out, (size_t)len);
    out[got] = '\0';
}

/* Which tag a field of a free name is, whoever has named it; TAG_COUNT: none. */
static TagName named(const char *name) {
    static const TagRule names[] = {
        {"replaygain_track_gain", TAG_TRACK_GAIN}, {"replaygain_track_peak", TAG_TRACK_PEAK},
        {"replaygain_album_gain", TAG_ALBUM_GAIN}, {"replaygain_album_peak", TAG_ALBUM_PEAK},
        {"replaygain_reference_loudness", TAG_REFERENCE_LOUDNESS},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(name, names[i].field) == 0) return names[i].tag;
    return TAG_COUNT;
}

static void read_item(Walk *walk, const Box *item) {
    int is_free = memcmp(item->name, "----", 4) == 0;
    char name[NAME_BYTES] = "";
    uint64_t at = item->at;
    Box box;
    while (next_box(walk, item, &at, &box)) {
        if (is_free && memcmp(box.name, "name", 4) == 0) read_name(walk, &box, name);
        if (memcmp(box.name, "data", 4) != 0 || box.end - box.at <= 8) continue;
        if (!is_free) add_value(walk, item->name, box.at + 8, box.end - box.at - 8);
        else if (named(name) != TAG_COUNT) add_text(walk, named(name), 0, box.at + 8, box.end - box.at - 8);
    }
}

void mp4_tags_read(Tags *tags, const TagBytes *bytes, uint64_t size) {
    Walk walk = {tags, bytes, 0};
    Box box = {{0}, 0, size}, item;
    uint64_t at;
    if (!go_into(&walk, &box, "moov") || !go_into(&walk, &box, "udta") || !go_into(&walk, &box, "meta")) return;
    box.at = box.end - box.at > 4 ? box.at + 4 : box.end; /* version and flags */
    if (!go_into(&walk, &box, "ilst")) return;
    tags_next_source(tags);
    at = box.at;
    while (next_box(&walk, &box, &at, &item)) read_item(&walk, &item);
}
