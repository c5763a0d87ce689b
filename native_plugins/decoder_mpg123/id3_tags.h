/*
 * id3_tags.h: the tags of an MP3, from where they lie in the input.
 */
#ifndef DECODER_MPG123_ID3_TAGS_H
#define DECODER_MPG123_ID3_TAGS_H

#include <stellatune_id3.h>
#include <stellatune_input.h>

#include "info_frame.h"

/*
 * Reads ID3v2 from an input that stands at its start, and then ID3v1. Leaves it at its start where it can seek, and
 * else behind the tag, whose picture is then kept.
 */
void id3_tags_read(Tags *tags, StInput *input);

/* What LAME's header says of ReplayGain, where no tag does. */
void id3_tags_loudness(Tags *tags, const InfoFrame *info);

#endif
