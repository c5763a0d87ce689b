/*
 * flac_tags.c: hands libFLAC's comments and picture to the rules that all Xiph formats share.
 */
#include "flac_tags.h"

#include <stellatune_xiph.h>

static StStr comment_at(const void *comments, size_t index) {
    const FLAC__StreamMetadata_VorbisComment_Entry *entry =
        &((const FLAC__StreamMetadata_VorbisComment *)comments)->comments[index];
    StStr comment = {(const char *)entry->entry, entry->entry ? entry->length : 0};
    return comment;
}

StStatus flac_tags_json(const FLAC__StreamMetadata *comments, const FLAC__StreamMetadata *picture, StStr *out) {
    TagsJson tags = tags_begin();
    if (comments)
        xiph_tags(&tags, &comments->data.vorbis_comment, comments->data.vorbis_comment.num_comments, comment_at);
    if (picture && picture->data.picture.data_length)
        tags_cover(&tags, picture->data.picture.mime_type, picture->data.picture.data,
                   picture->data.picture.data_length);
    return tags_finish(&tags, out);
}
