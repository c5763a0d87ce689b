/*
 * samples.h: decoded frames of any sample format as interleaved float32, channels in the order of the ABI.
 */
#ifndef DECODER_FFMPEG_SAMPLES_H
#define DECODER_FFMPEG_SAMPLES_H

#include <libavutil/frame.h>
#include <stdint.h>

#define SAMPLES_MAX_CHANNELS 64

int samples_channels(const AVFrame *frame);

/* Whether the sample format can be converted. */
int samples_are_known(enum AVSampleFormat format);

/* out_order[c]: where channel c of the frame goes among the channels of the ABI. */
void samples_order(const AVFrame *frame, uint8_t out_order[SAMPLES_MAX_CHANNELS]);

/* `count` frames from `first` on. Integers become value / 2^(bits-1), rounded where float32 cannot hold them. */
void samples_interleave(const AVFrame *frame, uint32_t first, uint32_t count,
                        const uint8_t order[SAMPLES_MAX_CHANNELS], float *out);

#endif
