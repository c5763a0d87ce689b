/*
 * flac_tags.h: libFLAC's comments and pictures as tags.
 */
#ifndef DECODER_FLAC_TAGS_H
#define DECODER_FLAC_TAGS_H

#include <FLAC/format.h>
#include <stellatune_tagset.h>

void flac_tags_comments(Tags *tags, const FLAC__StreamMetadata *block);

/* `end`: where in the input the block ends that holds the picture; 0: nobody can go back there, it is copied. */
void flac_tags_picture(Tags *tags, const FLAC__StreamMetadata *block, uint64_t end);

#endif
