/*
 * opus_stream.h: an Ogg Opus input as a line of frames.
 */
#ifndef DECODER_OPUS_STREAM_H
#define DECODER_OPUS_STREAM_H

#include <opus/opusfile.h>
#include <stellatune_ogg.h>

/* Opus is always decoded at this rate; that of the material before the encoder is only told in the header. */
#define OPUS_STREAM_RATE_HZ 48000

typedef struct OpusStream {
    OggLine line;
    OggOpusFile *file;
    int has_mode; /* a packet was decoded since the last seek */
    int is_speech; /* and SILK had a part in the first of them, or may have had */
} OpusStream;

extern const OggLineCodec OPUS_CODEC;

/* The comments of the first link, as the metadata object of decoder.h. */
StStatus opus_stream_tags(OpusStream *stream, StStr *out);

#endif
