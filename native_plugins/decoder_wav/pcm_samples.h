/*
 * pcm_samples.h: bytes to float32.
 */
#ifndef DECODER_WAV_PCM_SAMPLES_H
#define DECODER_WAV_PCM_SAMPLES_H

#include "pcm_layout.h"

/*
 * Converts `count` samples. Integers of n bit give integer / 2^(n-1), exactly up to 24 bit and rounded to nearest
 * above; floats are taken as they are, 64-bit ones rounded.
 */
void pcm_samples_to_float(const PcmLayout *layout, const uint8_t *in, size_t count, float *out);

/* Whether float32 cannot hold every value of this layout. */
int pcm_samples_rounded(const PcmLayout *layout);

#endif
