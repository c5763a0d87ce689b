/*
 * tags.c: which key of a container becomes which tag; libavformat has made most of them alike.
 */
#include "tags.h"

#include <libavutil/avstring.h>
#include <libavutil/dict.h>

#include "mp4_tags.h"

/* Several keys may give one tag: the first of this table that the file holds counts. Case does not matter. */
static const TagRule RULES[] = {
    {"title", TAG_TITLE},
    {"artist", TAG_ARTIST},
    {"album", TAG_ALBUM},
    {"album_artist", TAG_ALBUM_ARTIST},
    {"albumartist", TAG_ALBUM_ARTIST},
    {"album artist", TAG_ALBUM_ARTIST},
    {"track", TAG_TRACK},
    {"tracknumber", TAG_TRACK},
    {"tracktotal", TAG_TRACK_TOTAL},
    {"totaltracks", TAG_TRACK_TOTAL},
    {"disc", TAG_DISC},
    {"discnumber", TAG_DISC},
    {"disctotal", TAG_DISC_TOTAL},
    {"totaldiscs", TAG_DISC_TOTAL},
    {"date", TAG_DATE},
    {"year", TAG_DATE},
    {"genre", TAG_GENRE},
    {"composer", TAG_COMPOSER},
    {"compilation", TAG_COMPILATION},
    {"replaygain_track_gain", TAG_TRACK_GAIN},
    {"replaygain_track_peak", TAG_TRACK_PEAK},
    {"replaygain_album_gain", TAG_ALBUM_GAIN},
    {"replaygain_album_peak", TAG_ALBUM_PEAK},
    {"replaygain_reference_loudness", TAG_REFERENCE_LOUDNESS},
    {"lyrics", TAG_LYRICS},
    {"unsyncedlyrics", TAG_LYRICS},
    {"lyrics-", TAG_LYRICS}, /* and a language */
};

static void add_all(Tags *tags, const AVDictionary *from) {
    const AVDictionaryEntry *entry = NULL;
    tags_next_source(tags);
    while ((entry = av_dict_get(from, "", entry, AV_DICT_IGNORE_SUFFIX)) != NULL) {
        for (uint32_t rule = 0; rule < sizeof RULES / sizeof RULES[0]; rule++) {
            const char *key = RULES[rule].field;
            size_t len = strlen(key);
            if (key[len - 1] == '-' ? av_strncasecmp(entry->key, key, len) : av_strcasecmp(entry->key, key)) continue;
            tags_add(tags, RULES[rule].tag, rule, entry->value, strlen(entry->value));
            break;
        }
    }
}

/* libavformat tells what a picture shows as a comment, where the container does. */
static void add_pictures(Tags *tags, const AVFormatContext *format) {
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *each = format->streams[i];
        const AVDictionaryEntry *shows = av_dict_get(each->metadata, "comment", NULL, 0);
        int is_front = shows && av_strcasecmp(shows->value, "Cover (front)") == 0;
        if (each->disposition & AV_DISPOSITION_ATTACHED_PIC && each->attached_pic.size > 0)
            tags_cover_bytes(tags, is_front, each->attached_pic.data, (size_t)each->attached_pic.size, NULL);
    }
}

static size_t read_at(void *of, uint64_t offset, uint8_t *out, size_t len) {
    const Input *input = of;
    size_t done = 0, got = 1;
    uint64_t position = 0;
    if (offset > INT64_MAX || input->io->seek(input->io_handle, (int64_t)offset, ST_SEEK_START, &position).code != ST_OK)
        return 0;
    for (; done < len && got > 0; done += got) {
        got = 0;
        if (input->io->read(input->io_handle, out + done, len - done, &got).code != ST_OK || got > len - done) return 0;
    }
    return done;
}

/* MP4 is read besides, and libavformat, which knows nothing of it, finds the input where it has left it. */
static StStatus add_mp4(Tags *tags, Input *input) {
    TagBytes bytes = {input, read_at, 0};
    const StIoVTable *io = input->io;
    uint64_t here = 0, size = 0;
    if (io->seek == NULL || io->size == NULL || strstr(input->format->iformat->name, "mp4") == NULL ||
        io->size(input->io_handle, &size).code != ST_OK ||
        io->seek(input->io_handle, 0, ST_SEEK_CURRENT, &here).code != ST_OK || here > INT64_MAX)
        return st_ok();
    mp4_tags_read(tags, &bytes, size);
    if (io->seek(input->io_handle, (int64_t)here, ST_SEEK_START, &here).code == ST_OK) return st_ok();
    return st_error(ST_ERROR_IO, "the input cannot be moved back");
}

StStatus container_tags(Input *input, const AVStream *stream, StStr *out) {
    const AVFormatContext *format = input->format;
    Tags tags = {0};
    StStatus status = add_mp4(&tags, input);
    if (status.code != ST_OK) {
        tags_free(&tags);
        return status;
    }
    add_all(&tags, format->metadata);
    add_all(&tags, stream->metadata);
    add_pictures(&tags, format);
    status = tags_tell(&tags, out);
    tags_free(&tags);
    return status;
}
