/*
 * ending.c: which containers count frames, and the two ways in which MP4 says what an AAC encoder has added.
 */
#include "ending.h"

#include <libavutil/avstring.h>
#include <libavutil/dict.h>
#include <libavutil/mathematics.h>
#include <stdio.h>

#include "stamps.h"

/* Containers whose headers count the frames of each stream. */
static const char COUNTING[] = "aiff,ape,flac,mov,tak,tta,wav,wv";

/* What iTunes writes: frames added at the start and at the end, and those between. */
static uint64_t told_by_itunes(const AVFormatContext *format, uint64_t coded) {
    const AVDictionaryEntry *tag = av_dict_get(format->metadata, "iTunSMPB", NULL, 0);
    unsigned start = 0, end = 0;
    unsigned long long between = 0;
    if (tag == NULL || sscanf(tag->value, "%*x %x %x %llx", &start, &end, &between) != 3) return 0;
    return between > 0 && between <= coded && start + (uint64_t)end + between <= coded ? between : 0;
}

uint64_t ending_frames(const AVFormatContext *format, const AVStream *stream, uint32_t rate_hz, uint32_t skipped) {
    AVRational tick = stream->time_base;
    int64_t duration = stream->duration, frames;
    uint64_t told;
    if (format->duration_estimation_method != AVFMT_DURATION_FROM_STREAM || !stamps_count_frames(tick, rate_hz) ||
        duration == AV_NOPTS_VALUE || duration <= 0 || av_match_list(format->iformat->name, COUNTING, ',') <= 0)
        return 0;
    frames = av_rescale_q(duration, tick, (AVRational){1, (int)rate_hz});
    if (frames <= (int64_t)skipped) return 0;
    told = told_by_itunes(format, (uint64_t)frames);
    return told ? told : (uint64_t)frames - skipped;
}
