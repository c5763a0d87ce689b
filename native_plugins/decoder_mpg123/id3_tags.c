/*
 * id3_tags.c: ID3v2 comes first, ID3v1 fills in, LAME's header does where no tag speaks of ReplayGain.
 */
#include "id3_tags.h"

/* Tags in a row, each of which says something new; nobody writes more. */
#define MOST_TAGS 4

/* Forwards on every input, backwards where it can seek. */
static size_t read_at(void *of, uint64_t offset, uint8_t *out, size_t len) {
    StInput *input = of;
    int64_t got;
    if (offset > INT64_MAX) return 0;
    if (st_input_seek(input, (int64_t)offset, SEEK_SET) < 0) {
        uint8_t dropped[4096];
        while (st_input_position(input) < offset) {
            uint64_t left = offset - st_input_position(input);
            if (st_input_read(input, dropped, left < sizeof dropped ? (size_t)left : sizeof dropped) <= 0) return 0;
        }
        if (st_input_position(input) != offset) return 0;
    }
    got = st_input_read(input, out, len);
    return got < 0 ? 0 : (size_t)got;
}

void id3_tags_read(Tags *tags, StInput *input) {
    TagBytes bytes = {input, read_at, input->io->seek == NULL};
    uint8_t last[ID3_V1_BYTES];
    uint64_t size = UINT64_MAX, at = 0, n = 0;
    st_input_size(input, &size);
    for (int i = 0; i < (bytes.is_forwards ? 1 : MOST_TAGS) && (n = id3_read(tags, &bytes, at, size)) != 0; i++) at += n;
    if (bytes.is_forwards) {
        read_at(input, at, last, 0);
        return;
    }
    if (size != UINT64_MAX && size >= sizeof last && read_at(input, size - sizeof last, last, sizeof last) == sizeof last)
        id3_read_v1(tags, last);
    st_input_seek(input, 0, SEEK_SET);
}

static void add_number(Tags *tags, TagName name, const char *format, double number) {
    char text[32];
    snprintf(text, sizeof text, format, number);
    tags_add(tags, name, 0, text, strlen(text));
}

void id3_tags_loudness(Tags *tags, const InfoFrame *info) {
    tags_next_source(tags);
    if (info->has_track_gain) add_number(tags, TAG_TRACK_GAIN, "%+.2f dB", info->track_gain_db);
    if (info->peak > 0) add_number(tags, TAG_TRACK_PEAK, "%.6f", info->peak);
    if (info->has_album_gain) add_number(tags, TAG_ALBUM_GAIN, "%+.2f dB", info->album_gain_db);
}
