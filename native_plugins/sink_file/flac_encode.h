/*
 * flac_encode.h: raw frames of a recording -> a FLAC stream further back in the same file.
 */
#ifndef SINK_FILE_FLAC_ENCODE_H
#define SINK_FILE_FLAC_ENCODE_H

#include "recording.h"

/* Encodes all frames to offset `to` and tells the stream's length. The same frames always give the same bytes. */
StStatus flac_encode(const Recording *recording, uint64_t to, uint64_t *out_length, CancelPoll cancelled);

#endif
