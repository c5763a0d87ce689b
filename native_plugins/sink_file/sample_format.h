/*
 * sample_format.h: float32 samples <-> the bytes that stand in a file, little-endian.
 */
#ifndef SINK_FILE_SAMPLE_FORMAT_H
#define SINK_FILE_SAMPLE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

typedef enum SampleFormat { FORMAT_S16 = 1, FORMAT_S24 = 2, FORMAT_F32 = 3 } SampleFormat;

uint32_t format_bytes(SampleFormat format);

/* Full scale 1.0 becomes 2^(bits-1), rounded to nearest, halves to even, clipped. f32 is copied. */
void format_pack(SampleFormat format, const float *samples, size_t count, uint8_t *out_bytes);

/*
 * The same for frames from position `frame` on, with dither. A sample that is a whole number already needs no rounding
 * and gets no noise: a 16-bit source stays what it is, to the bit, and silence stays silence.
 */
void format_pack_dithered(SampleFormat format, const float *samples, size_t frames, uint32_t channels, uint64_t frame,
                          uint8_t *out_bytes);

/* The integers of s16 or s24 bytes. */
void format_unpack(SampleFormat format, const uint8_t *bytes, size_t count, int32_t *out_samples);

#endif
