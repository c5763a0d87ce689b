/*
 * flac_tags.h: Vorbis comments and the picture as the metadata object of decoder.h.
 */
#ifndef DECODER_FLAC_TAGS_H
#define DECODER_FLAC_TAGS_H

#include <FLAC/format.h>
#include <stellatune_sdk.h>

/* Either block may be null. */
StStatus flac_tags_json(const FLAC__StreamMetadata *comments, const FLAC__StreamMetadata *picture, StStr *out);

#endif
