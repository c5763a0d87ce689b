/*
 * dither.h: the noise that is added before a sample is rounded, so that the error of rounding is no distortion.
 *
 * It is a function of the frame's position and its channel and of nothing else: who writes a frame again, after a death
 * at any point, writes the very same sample.
 */
#ifndef SINK_FILE_DITHER_H
#define SINK_FILE_DITHER_H

#include <stdint.h>

/* Triangular between -1 and 1 step of the output (Lipshitz, Wannamaker, Vanderkooy: Quantization and Dither, 1992). */
double dither_noise(uint64_t frame, uint32_t channel);

#endif
