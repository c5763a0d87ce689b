/*
 * vorbis_stream.h: an Ogg Vorbis input as a line of frames.
 */
#ifndef DECODER_VORBIS_STREAM_H
#define DECODER_VORBIS_STREAM_H

#include <stellatune_ogg.h>
#include <vorbis/vorbisfile.h>

typedef struct VorbisStream {
    OggLine line;
    OggVorbis_File file;
    int is_open;
} VorbisStream;

extern const OggLineCodec VORBIS_CODEC;

/* The comments of the first link, as the metadata object of decoder.h. */
StStatus vorbis_stream_tags(VorbisStream *stream, StStr *out);

#endif
