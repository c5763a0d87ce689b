/*
 * id3_tags.c: which field of which tag gives which member. ID3v2 comes first, ID3v1 fills in, LAME's header does where
 * no tag speaks of ReplayGain. Several values in one field are joined by "; ".
 */
#include "id3_tags.h"

#include <strings.h>

#include <stellatune_tags.h>

/* The numbers by which ID3v1, and ID3v2 in brackets, call a genre. */
static const char *const GENRES[] = {
    "Blues", "Classic Rock", "Country", "Dance", "Disco", "Funk", "Grunge", "Hip-Hop", "Jazz", "Metal", "New Age",
    "Oldies", "Other", "Pop", "R&B", "Rap", "Reggae", "Rock", "Techno", "Industrial", "Alternative", "Ska",
    "Death Metal", "Pranks", "Soundtrack", "Euro-Techno", "Ambient", "Trip-Hop", "Vocal", "Jazz+Funk", "Fusion",
    "Trance", "Classical", "Instrumental", "Acid", "House", "Game", "Sound Clip", "Gospel", "Noise", "AlternRock",
    "Bass", "Soul", "Punk", "Space", "Meditative", "Instrumental Pop", "Instrumental Rock", "Ethnic", "Gothic",
    "Darkwave", "Techno-Industrial", "Electronic", "Pop-Folk", "Eurodance", "Dream", "Southern Rock", "Comedy", "Cult",
    "Gangsta", "Top 40", "Christian Rap", "Pop/Funk", "Jungle", "Native American", "Cabaret", "New Wave",
    "Psychadelic", "Rave", "Showtunes", "Trailer", "Lo-Fi", "Tribal", "Acid Punk", "Acid Jazz", "Polka", "Retro",
    "Musical", "Rock & Roll", "Hard Rock",
};

typedef struct FieldRule {
    const char *field;
    const char *tag;
} FieldRule;

/* Several fields may give one tag: the first of this table that the file holds counts. */
static const FieldRule FIELDS[] = {
    {"TIT2", "title"},  {"TPE1", "artist"}, {"TALB", "album"}, {"TPE2", "album_artist"}, {"TRCK", "track"},
    {"TPOS", "disc"},   {"TDRC", "date"},   {"TYER", "date"},  {"TDRL", "date"},         {"TCOM", "composer"},
    {"USLT", "lyrics"},
};

static const FieldRule EXTRAS[] = {
    {"REPLAYGAIN_TRACK_GAIN", "replaygain_track_gain"},
    {"REPLAYGAIN_TRACK_PEAK", "replaygain_track_peak"},
    {"REPLAYGAIN_ALBUM_GAIN", "replaygain_album_gain"},
    {"REPLAYGAIN_ALBUM_PEAK", "replaygain_album_peak"},
    {"REPLAYGAIN_REFERENCE_LOUDNESS", "replaygain_reference_loudness"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static size_t text_length(const char *text, size_t most) {
    const char *end = memchr(text, '\0', most);
    return end ? (size_t)(end - text) : most;
}

/* The next value of a field, from `at` on: values are separated by zeros. */
static StStr value_at(const mpg123_string *text, size_t *at) {
    StStr value = {NULL, 0};
    while (*at < text->fill && text->p[*at] == '\0') ++*at;
    if (*at >= text->fill) return value;
    value.ptr = text->p + *at;
    value.len = text_length(value.ptr, text->fill - *at);
    *at += value.len;
    return value;
}

/* What a genre of ID3v2 stands for: "17" and "(17)" are numbers, "(17)Hard" refines one. */
static StStr genre_name(StStr value) {
    size_t at = value.len && value.ptr[0] == '(' ? 1 : 0, digits = at;
    unsigned number = 0;
    while (digits < value.len && digits - at < 3 && value.ptr[digits] >= '0' && value.ptr[digits] <= '9')
        number = number * 10 + (unsigned)(value.ptr[digits++] - '0');
    if (digits == at || number >= COUNT(GENRES)) return value;
    if (at && digits < value.len && value.ptr[digits] == ')') digits++;
    else if (at) return value;
    if (digits == value.len) return st_str(GENRES[number]);
    if (at) return (StStr){value.ptr + digits, value.len - digits};
    return value;
}

static int put_values(TagsJson *tags, const char *tag, const mpg123_string *text, int are_genres) {
    size_t at = 0, start = 0;
    int found = 0;
    if (text == NULL || text->p == NULL) return 0;
    for (StStr value = value_at(text, &at); value.len; value = value_at(text, &at)) {
        if (are_genres) value = genre_name(value);
        if (!found) start = tags_open(tags, tag);
        tags_put(tags, found ? "; " : "\"", found ? 2 : 1);
        tags_put_escaped(tags, value.ptr, value.len);
        found = 1;
    }
    if (!found) return 0;
    tags_put(tags, "\"", 1);
    tags_close(tags, start, tag);
    return 1;
}

/* A field of ID3v1: Latin-1, filled up with zeros or blanks. */
static void put_latin(TagsJson *tags, const char *tag, const char *field, size_t size) {
    char text[2 * 30];
    size_t len = text_length(field, size), n = 0;
    while (len && field[len - 1] == ' ') len--;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)field[i];
        if (c >= 0x80) text[n++] = (char)(0xC0 | c >> 6);
        text[n++] = c >= 0x80 ? (char)(0x80 | (c & 0x3F)) : (char)c;
    }
    tags_text(tags, tag, text, n);
}

static const mpg123_string *text_field(const mpg123_id3v2 *tag, const char *field) {
    for (size_t i = 0; tag && i < tag->texts; i++)
        if (memcmp(tag->text[i].id, field, 4) == 0) return &tag->text[i].text;
    return NULL;
}

static const mpg123_string *extra_field(const mpg123_id3v2 *tag, const char *field) {
    for (size_t i = 0; tag && i < tag->extras; i++) {
        const mpg123_string *name = &tag->extra[i].description;
        size_t length = name->p ? text_length(name->p, name->fill) : 0;
        if (length == strlen(field) && strncasecmp(name->p, field, length) == 0) return &tag->extra[i].text;
    }
    return NULL;
}

/* Which members ID3v2 gave, in the order of ID3v1. */
typedef struct Given {
    int title, artist, album, date, track, genre;
} Given;

static Given put_id3v2(TagsJson *tags, const mpg123_id3v2 *tag) {
    Given given = {0};
    const char *last = "";
    for (size_t i = 0; i < COUNT(FIELDS); i++) {
        const char *name = FIELDS[i].tag;
        if (strcmp(name, last) == 0 || !put_values(tags, name, text_field(tag, FIELDS[i].field), 0)) continue;
        last = name;
        given.title |= strcmp(name, "title") == 0;
        given.artist |= strcmp(name, "artist") == 0;
        given.album |= strcmp(name, "album") == 0;
        given.date |= strcmp(name, "date") == 0;
        given.track |= strcmp(name, "track") == 0;
    }
    given.genre = put_values(tags, "genre", text_field(tag, "TCON"), 1);
    return given;
}

static void put_id3v1(TagsJson *tags, const mpg123_id3v1 *tag, Given given) {
    char track[4];
    if (!given.title) put_latin(tags, "title", tag->title, sizeof tag->title);
    if (!given.artist) put_latin(tags, "artist", tag->artist, sizeof tag->artist);
    if (!given.album) put_latin(tags, "album", tag->album, sizeof tag->album);
    if (!given.date) put_latin(tags, "date", tag->year, sizeof tag->year);
    if (!given.genre && tag->genre < COUNT(GENRES))
        tags_text(tags, "genre", GENRES[tag->genre], strlen(GENRES[tag->genre]));
    if (given.track || tag->comment[28] != '\0' || tag->comment[29] == '\0') return;
    snprintf(track, sizeof track, "%u", (unsigned char)tag->comment[29]);
    tags_text(tags, "track", track, strlen(track));
}

static void put_number(TagsJson *tags, const char *tag, const char *format, double number) {
    char text[32];
    snprintf(text, sizeof text, format, number);
    tags_text(tags, tag, text, strlen(text));
}

static void put_loudness(TagsJson *tags, const mpg123_id3v2 *tag, const InfoFrame *info) {
    int given[COUNT(EXTRAS)];
    for (size_t i = 0; i < COUNT(EXTRAS); i++)
        given[i] = put_values(tags, EXTRAS[i].tag, extra_field(tag, EXTRAS[i].field), 0);
    if (!given[0] && info->has_track_gain) put_number(tags, EXTRAS[0].tag, "%+.2f dB", info->track_gain_db);
    if (!given[1] && info->peak > 0) put_number(tags, EXTRAS[1].tag, "%.6f", info->peak);
    if (!given[2] && info->has_album_gain) put_number(tags, EXTRAS[2].tag, "%+.2f dB", info->album_gain_db);
}

/* The front cover before others. */
static void put_cover(TagsJson *tags, const mpg123_id3v2 *tag) {
    const mpg123_picture *chosen = NULL;
    for (size_t i = 0; tag && i < tag->pictures; i++) {
        const mpg123_picture *picture = &tag->picture[i];
        if (picture->size == 0 || picture->data == NULL || picture->mime_type.p == NULL) continue;
        if (chosen == NULL || (picture->type == mpg123_id3_pic_front_cover && chosen->type != picture->type))
            chosen = picture;
    }
    if (chosen) tags_cover(tags, chosen->mime_type.p, chosen->data, chosen->size);
}

StStatus id3_tags_json(mpg123_handle *mpeg, const InfoFrame *info, StStr *out) {
    mpg123_id3v1 *old = NULL;
    mpg123_id3v2 *tag = NULL;
    TagsJson tags = tags_begin();
    Given given;
    mpg123_id3(mpeg, &old, &tag);
    given = put_id3v2(&tags, tag);
    if (old) put_id3v1(&tags, old, given);
    put_loudness(&tags, tag, info);
    put_cover(&tags, tag);
    return tags_finish(&tags, out);
}
