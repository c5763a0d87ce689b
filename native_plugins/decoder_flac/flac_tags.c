/*
 * flac_tags.c: hands libFLAC's comments and pictures to the rules that all Xiph formats share.
 */
#include "flac_tags.h"

#include <stellatune_xiph.h>

static StStr comment_at(const void *comments, size_t index) {
    const FLAC__StreamMetadata_VorbisComment_Entry *entry =
        &((const FLAC__StreamMetadata_VorbisComment *)comments)->comments[index];
    StStr comment = {(const char *)entry->entry, entry->entry ? entry->length : 0};
    return comment;
}

void flac_tags_comments(Tags *tags, const FLAC__StreamMetadata *block) {
    const FLAC__StreamMetadata_VorbisComment *comments = &block->data.vorbis_comment;
    xiph_tags(tags, comments, comments->num_comments, comment_at);
    xiph_cover(tags, comments, comments->num_comments, comment_at);
}

void flac_tags_picture(Tags *tags, const FLAC__StreamMetadata *block, uint64_t end) {
    const FLAC__StreamMetadata_Picture *picture = &block->data.picture;
    int is_front = picture->type == FLAC__STREAM_METADATA_PICTURE_TYPE_FRONT_COVER;
    size_t len = picture->data_length;
    uint8_t *copy;
    if (picture->data == NULL || !tags_wants_cover(tags, is_front, len)) return;
    if (end >= len && end > 0) {
        tags_cover_place(tags, is_front, picture->data, len, end - len, len);
    } else if ((copy = malloc(len)) != NULL) {
        memcpy(copy, picture->data, len);
        tags_cover_bytes(tags, is_front, copy, len, copy);
    }
}
