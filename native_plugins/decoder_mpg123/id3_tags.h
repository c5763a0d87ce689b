/*
 * id3_tags.h: ID3v2, ID3v1 and the gains of LAME's header as the metadata object of decoder.h.
 */
#ifndef DECODER_MPG123_ID3_TAGS_H
#define DECODER_MPG123_ID3_TAGS_H

#include <mpg123.h>
#include <stellatune_sdk.h>

#include "info_frame.h"

StStatus id3_tags_json(mpg123_handle *mpeg, const InfoFrame *info, StStr *out);

#endif
