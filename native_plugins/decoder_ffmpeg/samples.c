/*
 * samples.c: conversion sample by sample; nothing is mixed, scaled to another level or resampled.
 */
#include "samples.h"

#include <libavutil/channel_layout.h>
#include <libavutil/samplefmt.h>
#include <libavutil/version.h>

/* Channel layouts became structures in FFmpeg 5.1. */
#define HAS_CHANNEL_LAYOUTS (LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100))

int samples_channels(const AVFrame *frame) {
#if HAS_CHANNEL_LAYOUTS
    return frame->ch_layout.nb_channels;
#else
    return frame->channels;
#endif
}

int samples_are_known(enum AVSampleFormat format) {
    return format >= AV_SAMPLE_FMT_U8 && format <= AV_SAMPLE_FMT_S64P;
}

void samples_order(const AVFrame *frame, uint8_t out_order[SAMPLES_MAX_CHANNELS]) {
    int channels = samples_channels(frame);
    for (int c = 0; c < channels; c++) out_order[c] = (uint8_t)c;
#if HAS_CHANNEL_LAYOUTS
    if (frame->ch_layout.order != AV_CHANNEL_ORDER_CUSTOM) return; /* those of masks are in the order of the ABI */
    for (int c = 0; c < channels; c++) {
        enum AVChannel mine = av_channel_layout_channel_from_index(&frame->ch_layout, (unsigned)c);
        int before = 0;
        for (int other = 0; other < channels; other++) {
            enum AVChannel theirs = av_channel_layout_channel_from_index(&frame->ch_layout, (unsigned)other);
            before += theirs < mine || (theirs == mine && other < c);
        }
        out_order[c] = (uint8_t)before;
    }
#endif
}

#define CONVERT(type, expression)                                                                     \
    for (int c = 0; c < channels; c++) {                                                              \
        const type *in = planar ? (const type *)frame->extended_data[c] + first                       \
                                : (const type *)frame->extended_data[0] + (size_t)first * stride + c; \
        float *to = out + order[c];                                                                   \
        for (uint32_t i = 0; i < count; i++, in += stride, to += channels) {                          \
            type value = *in;                                                                         \
            *to = (expression);                                                                       \
        }                                                                                             \
    }                                                                                                 \
    break

void samples_interleave(const AVFrame *frame, uint32_t first, uint32_t count,
                        const uint8_t order[SAMPLES_MAX_CHANNELS], float *out) {
    int channels = samples_channels(frame);
    int planar = av_sample_fmt_is_planar(frame->format);
    size_t stride = planar ? 1 : (size_t)channels;
    switch (av_get_packed_sample_fmt(frame->format)) {
    case AV_SAMPLE_FMT_U8: CONVERT(uint8_t, (float)(value - 128) * 0x1p-7f);
    case AV_SAMPLE_FMT_S16: CONVERT(int16_t, (float)value * 0x1p-15f);
    case AV_SAMPLE_FMT_S32: CONVERT(int32_t, (float)value * 0x1p-31f);
    case AV_SAMPLE_FMT_S64: CONVERT(int64_t, (float)value * 0x1p-63f);
    case AV_SAMPLE_FMT_FLT: CONVERT(float, value);
    case AV_SAMPLE_FMT_DBL: CONVERT(double, (float)value);
    default: break;
    }
}
