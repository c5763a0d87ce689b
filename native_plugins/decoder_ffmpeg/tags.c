/*
 * tags.c: which key of a container becomes which tag; libavformat has made most of them alike.
 */
#include "tags.h"

#include <libavutil/dict.h>
#include <stellatune_tags.h>

/* Several keys may give one tag: the first that the file holds counts. Case does not matter. */
static const struct TagRule {
    const char *key;
    const char *tag;
} RULES[] = {
    {"title", "title"},
    {"artist", "artist"},
    {"album", "album"},
    {"album_artist", "album_artist"},
    {"albumartist", "album_artist"},
    {"album artist", "album_artist"},
    {"track", "track"},
    {"tracknumber", "track"},
    {"disc", "disc"},
    {"discnumber", "disc"},
    {"date", "date"},
    {"year", "date"},
    {"genre", "genre"},
    {"composer", "composer"},
    {"replaygain_track_gain", "replaygain_track_gain"},
    {"replaygain_track_peak", "replaygain_track_peak"},
    {"replaygain_album_gain", "replaygain_album_gain"},
    {"replaygain_album_peak", "replaygain_album_peak"},
    {"replaygain_reference_loudness", "replaygain_reference_loudness"},
    {"lyrics", "lyrics"},
    {"unsyncedlyrics", "lyrics"},
    {"lyrics-eng", "lyrics"},
    {"lyrics-xxx", "lyrics"},
};

static const char *mime_of(enum AVCodecID codec) {
    switch (codec) {
    case AV_CODEC_ID_MJPEG: return "image/jpeg";
    case AV_CODEC_ID_PNG: return "image/png";
    case AV_CODEC_ID_WEBP: return "image/webp";
    case AV_CODEC_ID_GIF: return "image/gif";
    case AV_CODEC_ID_BMP: return "image/bmp";
    case AV_CODEC_ID_TIFF: return "image/tiff";
    default: return NULL;
    }
}

static const char *value_of(const AVFormatContext *format, const AVStream *stream, const char *key) {
    const AVDictionaryEntry *found = av_dict_get(format->metadata, key, NULL, 0);
    if (found == NULL) found = av_dict_get(stream->metadata, key, NULL, 0);
    return found ? found->value : NULL;
}

StStatus tags_json(const AVFormatContext *format, const AVStream *stream, StStr *out) {
    TagsJson tags = tags_begin();
    const char *given = "";
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        const char *value = strcmp(RULES[i].tag, given) == 0 ? NULL : value_of(format, stream, RULES[i].key);
        if (value == NULL || *value == '\0') continue;
        tags_text(&tags, RULES[i].tag, value, strlen(value));
        given = RULES[i].tag;
    }
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *each = format->streams[i];
        const char *mime = mime_of(each->codecpar->codec_id);
        if ((each->disposition & AV_DISPOSITION_ATTACHED_PIC) && mime && each->attached_pic.size > 0) {
            tags_cover(&tags, mime, each->attached_pic.data, (size_t)each->attached_pic.size);
            break;
        }
    }
    return tags_finish(&tags, out);
}
