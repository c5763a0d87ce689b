/*
 * stamps.c: arithmetic only.
 */
#include "stamps.h"

#include <libavutil/avutil.h>
#include <libavutil/common.h>
#include <libavutil/mathematics.h>

/* The first block, two usual ones, and one behind them: it tells that they were not the last, which may be shorter. */
#define BLOCKS_TO_LEARN_FROM 4
#define MOST_FRAMES (INT64_MAX / 4)

int stamps_count_frames(AVRational tick, uint32_t rate_hz) {
    int64_t frames = (int64_t)tick.num * rate_hz;
    return frames <= tick.den || frames == 2 * (int64_t)tick.den;
}

void stamps_begin(Stamps *stamps, AVRational tick, uint32_t rate_hz, int64_t origin) {
    *stamps = (Stamps){.tick = tick, .rate_hz = rate_hz, .origin = origin, .lie = stamps->lie};
    stamps->are_fine = stamps_count_frames(tick, rate_hz);
}

static int64_t rounded(const Stamps *stamps, int64_t stamp) {
    return av_rescale_q(av_sat_sub64(stamp, stamps->origin), stamps->tick, (AVRational){1, (int)stamps->rate_hz});
}

void stamps_note(Stamps *stamps, int64_t stamp, uint64_t frame, uint32_t length) {
    int64_t tick_frames = 1 + (int64_t)stamps->rate_hz * stamps->tick.num / stamps->tick.den;
    if (stamps->blocks == 0) stamps->first_frames = length;
    if (stamps->blocks == 1) stamps->usual_frames = length;
    if (stamps->blocks > 1 && stamps->last_frames != stamps->usual_frames) stamps->lengths_vary = 1;
    stamps->last_frames = length;
    stamps->blocks++;
    if (stamp != AV_NOPTS_VALUE && stamps->origin != AV_NOPTS_VALUE &&
        FFABS(rounded(stamps, stamp) - (int64_t)frame) > tick_frames)
        stamps->lie = 1;
}

void stamps_jump(Stamps *stamps) {
    stamps->last_frames = stamps->usual_frames;
}

int stamps_are_learned(const Stamps *stamps) {
    return stamps->blocks >= BLOCKS_TO_LEARN_FROM;
}

int stamps_add_up(const Stamps *stamps) {
    int64_t ticks = stamps->usual_frames * (int64_t)stamps->tick.den;
    return ticks % (stamps->tick.num * (int64_t)stamps->rate_hz) == 0;
}

int stamps_are_exact(const Stamps *stamps) {
    return stamps->origin != AV_NOPTS_VALUE && !stamps->lie &&
           (stamps->are_fine || (stamps_are_learned(stamps) && !stamps->lengths_vary && stamps->usual_frames > 0));
}

int stamps_frame(const Stamps *stamps, int64_t stamp, uint64_t *out_frame) {
    int64_t frame;
    if (stamp == AV_NOPTS_VALUE || stamps->origin == AV_NOPTS_VALUE) return 0;
    frame = rounded(stamps, stamp);
    if (frame < 0 || frame > MOST_FRAMES) return 0;
    if (!stamps->are_fine && stamps_are_exact(stamps)) {
        int64_t first = stamps->first_frames, usual = stamps->usual_frames;
        frame = frame < first / 2 ? 0 : first + (frame - first + usual / 2) / usual * usual;
    }
    *out_frame = (uint64_t)frame;
    return 1;
}

int64_t stamps_before(const Stamps *stamps, uint64_t frame) {
    AVRational one_frame = {1, (int)stamps->rate_hz};
    return av_sat_add64(stamps->origin, av_rescale_q_rnd((int64_t)frame, one_frame, stamps->tick, AV_ROUND_DOWN));
}
