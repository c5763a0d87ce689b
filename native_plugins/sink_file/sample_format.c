/*
 * sample_format.c: rounding of float32 to 16 and 24 bits, and the way back to integers.
 */
#include "sample_format.h"

#include "dither.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "samples are copied as they lie in memory");

uint32_t format_bytes(SampleFormat format) {
    return format == FORMAT_S16 ? 2 : format == FORMAT_S24 ? 3 : 4;
}

/*
 * Halves to even. Adding 1.5 * 2^52 leaves a double no bits below one, so the addition itself rounds, in the mode every
 * process starts with.
 */
static double nearest(double scaled) {
    const double round_here = 6755399441055744.0;
    return (scaled + round_here) - round_here;
}

static int32_t quantise(double scaled, double full_scale) {
    scaled = scaled < full_scale - 1.0 ? scaled : full_scale - 1.0;
    scaled = scaled > -full_scale ? scaled : -full_scale;
    return (int32_t)nearest(scaled);
}

static double full_scale_of(SampleFormat format) { return format == FORMAT_S16 ? 32768.0 : 8388608.0; }

static void put(SampleFormat format, int32_t value, uint8_t *out) {
    uint32_t word = (uint32_t)value;
    out[0] = (uint8_t)word;
    out[1] = (uint8_t)(word >> 8);
    if (format == FORMAT_S24) out[2] = (uint8_t)(word >> 16);
}

void format_pack(SampleFormat format, const float *samples, size_t count, uint8_t *out_bytes) {
    if (format == FORMAT_F32) {
        memcpy(out_bytes, samples, count * sizeof *samples);
        return;
    }
    for (size_t i = 0; i < count; i++) /* scaling by a power of two is exact */
        put(format, quantise(samples[i] * full_scale_of(format), full_scale_of(format)), out_bytes + i * format_bytes(format));
}

void format_pack_dithered(SampleFormat format, const float *samples, size_t frames, uint32_t channels, uint64_t frame,
                          uint8_t *out_bytes) {
    double full_scale = full_scale_of(format);
    for (; frames > 0; frames--, frame++)
        for (uint32_t channel = 0; channel < channels; channel++, out_bytes += format_bytes(format)) {
            double scaled = *samples++ * full_scale;
            if (scaled != nearest(scaled)) scaled += dither_noise(frame, channel);
            put(format, quantise(scaled, full_scale), out_bytes);
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
