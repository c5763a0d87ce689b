/*
 * seek.h: moves a track, exactly where its container allows that.
 */
#ifndef DECODER_FFMPEG_SEEK_H
#define DECODER_FFMPEG_SEEK_H

#include "track.h"

/*
 * Moves to exactly `frame`. Where stamps do not say which frame is which, decodes from the start; when that would take
 * too long, lands by the stamps all the same, and the log says so.
 */
StStatus seek_exactly(Track *track, uint64_t frame);

/* Moves to about `frame`, quickly. */
StStatus seek_about(Track *track, uint64_t frame);

/*
 * track_read, where codecs that make noise are begun anew every so often, like by a seek: what they make depends on all
 * that they have decoded before, and so what is heard depends on the place alone.
 */
StStatus seek_read(Track *track, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof);

#endif
