/*
 * sample_format.c: rounding of float32 to 16 and 24 bits, and the way back to integers.
 */
#include "sample_format.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "samples are copied as they lie in memory");

uint32_t format_bytes(SampleFormat format) {
    return format == FORMAT_S16 ? 2 : format == FORMAT_S24 ? 3 : 4;
}

/*
 * Nearest integer, halves to even. Scaling by a power of two is exact; adding 1.5 * 2^52 leaves a double no bits below
 * one, so the addition itself rounds, in the mode every process starts with.
 */
static int32_t quantise(float sample, double full_scale) {
    const double round_here = 6755399441055744.0;
    double scaled = (double)sample * full_scale;
    scaled = scaled < full_scale - 1.0 ? scaled : full_scale - 1.0;
    scaled = scaled > -full_scale ? scaled : -full_scale;
    return (int32_t)((scaled + round_here) - round_here);
}

void format_pack(SampleFormat format, const float *samples, size_t count, uint8_t *out_bytes) {
    if (format == FORMAT_F32) {
        memcpy(out_bytes, samples, count * sizeof *samples);
        return;
    }
    if (format == FORMAT_S16) {
        for (size_t i = 0; i < count; i++) {
            uint16_t word = (uint16_t)quantise(samples[i], 32768.0);
            memcpy(out_bytes + 2 * i, &word, sizeof word);
        }
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t word = (uint32_t)quantise(samples[i], 8388608.0);
        out_bytes[3 * i] = (uint8_t)word;
        out_bytes[3 * i + 1] = (uint8_t)(word >> 8);
        out_bytes[3 * i + 2] = (uint8_t)(word >> 16);
    }
}

void format_unpack(SampleFormat format, const uint8_t *bytes, size_t count, int32_t *out_samples) {
    for (size_t i = 0; i < count; i++) {
        if (format == FORMAT_S16) {
            out_samples[i] = (int16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
        } else {
            uint32_t word = bytes[3 * i] | (uint32_t)bytes[3 * i + 1] << 8 | (uint32_t)bytes[3 * i + 2] << 16;
            out_samples[i] = (int32_t)(word ^ 0x800000u) - 0x800000;
        }
    }
}
