/*
 * ending.h: where the audio of a stream ends, as far as its container says so to the frame.
 */
#ifndef DECODER_FFMPEG_ENDING_H
#define DECODER_FFMPEG_ENDING_H

#include <libavformat/avformat.h>
#include <stdint.h>

/* Frames that are to be heard; 0 where that is not said exactly. `skipped`: cut from the start by the decoder. */
uint64_t ending_frames(const AVFormatContext *format, const AVStream *stream, uint32_t rate_hz, uint32_t skipped);

#endif
