/*
 * pcm_samples.c: one loop per kind of sample. Integers go to the top of 32 bit first, so that one scale fits all.
 */
#include "pcm_samples.h"

#include "byte_input.h"

static const float FULL_SCALE = 1.0f / 2147483648.0f;

#define EACH_SAMPLE(bytes, value) \
    for (size_t i = 0; i < count; i++, in += (bytes)) out[i] = (value)

#define INTEGER(top) ((float)(int32_t)(top) * FULL_SCALE)

static float float32_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float64_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return (float)value;
}

static void from_little(const PcmLayout *layout, const uint8_t *in, size_t count, float *out) {
    switch (layout->container_bytes) {
    case 2:
        EACH_SAMPLE(2, INTEGER(le16(in) << 16));
        break;
    case 3:
        EACH_SAMPLE(3, INTEGER(le16(in) << 8 | (uint32_t)in[2] << 24));
        break;
    default:
        EACH_SAMPLE(4, INTEGER(le32(in)));
        break;
    }
}

static void from_big(const PcmLayout *layout, const uint8_t *in, size_t count, float *out) {
    switch (layout->container_bytes) {
    case 2:
        EACH_SAMPLE(2, INTEGER(be16(in) << 16));
        break;
    case 3:
        EACH_SAMPLE(3, INTEGER(be16(in) << 16 | (uint32_t)in[2] << 8));
        break;
    default:
        EACH_SAMPLE(4, INTEGER(be32(in)));
        break;
    }
}

static void from_floats(const PcmLayout *layout, const uint8_t *in, size_t count, float *out) {
    if (layout->container_bytes == 4 && layout->big_endian) {
        EACH_SAMPLE(4, float32_of(be32(in)));
    } else if (layout->container_bytes == 4) {
        EACH_SAMPLE(4, float32_of(le32(in)));
    } else if (layout->big_endian) {
        EACH_SAMPLE(8, float64_of(be64(in)));
    } else {
        EACH_SAMPLE(8, float64_of(le64(in)));
    }
}

void pcm_samples_to_float(const PcmLayout *layout, const uint8_t *in, size_t count, float *out) {
    if (layout->coding == PCM_FLOAT) {
        from_floats(layout, in, count, out);
    } else if (layout->container_bytes == 1) {
        uint32_t flip = layout->coding == PCM_UNSIGNED ? 0x80u : 0;
        EACH_SAMPLE(1, INTEGER((*in ^ flip) << 24));
    } else if (layout->big_endian) {
        from_big(layout, in, count, out);
    } else {
        from_little(layout, in, count, out);
    }
}

int pcm_samples_rounded(const PcmLayout *layout) {
    return layout->coding == PCM_FLOAT ? layout->container_bytes == 8 : layout->bits > 24;
}
