/*
 * flac_tags.c: which Vorbis comment becomes which tag. A field that occurs several times gives its values joined by
 * "; ".
 */
#include "flac_tags.h"

#include <strings.h>

#include <stellatune_tags.h>

/* Several fields may give one tag: the first that the file holds counts. */
static const struct TagRule {
    const char *field;
    const char *tag;
} RULES[] = {
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
    {"LYRICS", "lyrics"},
    {"UNSYNCEDLYRICS", "lyrics"},
};

/* The value of a comment "field=value" when it is of this field, else NULL. */
static const char *value_of(const FLAC__StreamMetadata_VorbisComment_Entry *entry, const char *field, size_t *len) {
    size_t n = strlen(field);
    if (entry->entry == NULL || entry->length <= n + 1 || entry->entry[n] != '=') return NULL;
    if (strncasecmp((const char *)entry->entry, field, n) != 0) return NULL;
    *len = entry->length - n - 1;
    return (const char *)entry->entry + n + 1;
}

static int add_field(TagsJson *tags, const FLAC__StreamMetadata_VorbisComment *comments, const struct TagRule *rule) {
    size_t start = 0;
    int found = 0;
    for (uint32_t i = 0; i < comments->num_comments; i++) {
        size_t len = 0;
        const char *value = value_of(&comments->comments[i], rule->field, &len);
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

StStatus flac_tags_json(const FLAC__StreamMetadata *comments, const FLAC__StreamMetadata *picture, StStr *out) {
    TagsJson tags = tags_begin();
    const char *given = "";
    if (comments) {
        for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
            if (strcmp(RULES[i].tag, given) == 0) continue;
            if (add_field(&tags, &comments->data.vorbis_comment, &RULES[i])) given = RULES[i].tag;
        }
    }
    if (picture && picture->data.picture.data_length)
        tags_cover(&tags, picture->data.picture.mime_type, picture->data.picture.data,
                   picture->data.picture.data_length);
    return tags_finish(&tags, out);
}
