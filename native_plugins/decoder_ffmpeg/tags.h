/*
 * tags.h: the tags of a container as the JSON object of get_metadata_json_utf8.
 */
#ifndef DECODER_FFMPEG_TAGS_H
#define DECODER_FFMPEG_TAGS_H

#include "input.h"

/* Those of the file, then those of the stream; the cover is the first picture, a front cover before others. */
StStatus container_tags(Input *input, const AVStream *stream, StStr *out);

#endif
