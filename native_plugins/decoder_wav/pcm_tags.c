/*
 * pcm_tags.c: reads the ID3v2 tag where the header has noted one. The next read of samples goes to its place by itself.
 */
#include "pcm_tags.h"

#include <stellatune_id3.h>

static size_t read_at(void *of, uint64_t offset, uint8_t *out, size_t len) {
    ByteInput *input = of;
    size_t got = 0;
    StStatus status = byte_input_go(input, offset);
    if (status.code == ST_OK) status = byte_input_read(input, out, len, &got);
    if (status.code != ST_OK) st_plugin_free((void *)status.message.ptr, status.message.len, 1);
    return status.code == ST_OK ? got : 0;
}

/* All texts of the header into tags that have another source already. */
static void add_texts(Tags *tags, const Tags *texts) {
    tags_next_source(tags);
    for (int i = 0; i < TAG_COUNT; i++) tags_add(tags, (TagName)i, 0, texts->texts[i].bytes, texts->texts[i].len);
}

StStatus pcm_tags_json(PcmStream *stream, StStr *out) {
    const PcmLayout *layout = &stream->layout;
    TagBytes bytes = {&stream->input, read_at, 0};
    Tags tags = {0};
    StStatus status;
    if (layout->id3_offset && byte_input_seeks(&stream->input))
        id3_read(&tags, &bytes, layout->id3_offset,
                 layout->id3_bytes < UINT64_MAX - layout->id3_offset ? layout->id3_offset + layout->id3_bytes : UINT64_MAX);
    add_texts(&tags, &layout->texts);
    status = tags_tell(&tags, out);
    tags_free(&tags);
    return status;
}
