/*
 * mp4_tags.h: the tags of an MP4 file as iTunes writes them, all values of a field and the place of its cover.
 */
#ifndef DECODER_FFMPEG_MP4_TAGS_H
#define DECODER_FFMPEG_MP4_TAGS_H

#include <stellatune_tagset.h>

/* Adds what moov.udta.meta.ilst says, as a source of its own; nothing where that is not there. */
void mp4_tags_read(Tags *tags, const TagBytes *bytes, uint64_t size);

#endif
