/*
 * tags.h: the tags of a container as the JSON object of get_metadata_json_utf8.
 */
#ifndef DECODER_FFMPEG_TAGS_H
#define DECODER_FFMPEG_TAGS_H

#include <libavformat/avformat.h>
#include <stellatune_sdk.h>

/* Those of the file, then those of the stream; the first picture of the file is the cover. */
StStatus tags_json(const AVFormatContext *format, const AVStream *stream, StStr *out);

#endif
