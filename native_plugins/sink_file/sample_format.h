/*
 * sample_format.h: float32 samples <-> the bytes that stand in a file, little-endian.
 */
#ifndef SINK_FILE_SAMPLE_FORMAT_H
#define SINK_FILE_SAMPLE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

typedef enum SampleFormat { FORMAT_S16 = 1, FORMAT_S24 = 2, FORMAT_F32 = 3 } SampleFormat;

uint32_t format_bytes(SampleFormat format);

/* Full scale 1.0 becomes 2^(bits-1), rounded to nearest, halves to even, clipped; no dither. f32 is copied. */
void format_pack(SampleFormat format, const float *samples, size_t count, uint8_t *out_bytes);

/* The integers of s16 or s24 bytes. */
void format_unpack(SampleFormat format, const uint8_t *bytes, size_t count, int32_t *out_samples);

#endif
