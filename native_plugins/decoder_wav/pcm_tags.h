/*
 * pcm_tags.h: the tags of a WAV or AIFF file.
 */
#ifndef DECODER_WAV_PCM_TAGS_H
#define DECODER_WAV_PCM_TAGS_H

#include "pcm_stream.h"

/* What an ID3v2 tag says first, and then the texts of the header, as the metadata object of decoder.h. */
StStatus pcm_tags_json(PcmStream *stream, StStr *out);

#endif
