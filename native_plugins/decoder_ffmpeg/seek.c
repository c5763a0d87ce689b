/*
 * seek.c: by the stamps of the container, and from there on by decoding.
 */
#include "seek.h"

#include <libavutil/avstring.h>

/* It got another name in FFmpeg 7. */
#ifdef AV_PROFILE_AAC_LOW
#define PROFILE_AAC_LOW AV_PROFILE_AAC_LOW
#else
#define PROFILE_AAC_LOW FF_PROFILE_AAC_LOW
#endif

/* Decoding this far takes about a second; a seek of the host may take little more. */
#define MOST_STRAIGHT_SECONDS 240
/* Nearer than this, decoding on is as quick as any jump. */
#define NEAR_SECONDS 1
/* What a lossy codec is given before the target: filters, predictors and bit reservoirs reach back less. */
#define RUN_UP_SECONDS 1
/* How far a seek decodes at most, where decoders make noise. */
#define STRETCH_SECONDS 30
/* DSD becomes PCM by a filter of some bytes, which this many frames fill. */
#define RUN_UP_FRAMES_LOSSLESS 256

/* Containers that land on another block than the one they name, and makers of music that keep no past. */
static const char LANDS_ELSEWHERE[] = "ogg,libgme,libmodplug,libopenmpt";

static uint64_t run_up(const Track *track) {
    return track->is_lossless ? RUN_UP_FRAMES_LOSSLESS : (uint64_t)track->rate_hz * RUN_UP_SECONDS;
}

/* Codecs that can begin with any packet, and then give what a straight read gives. */
static int begins_anywhere(const Track *track) {
    switch (track->stream->codecpar->codec_id) {
    case AV_CODEC_ID_MP1: /* dithers: the last bit depends on all that went before */
    case AV_CODEC_ID_MP2:
    case AV_CODEC_ID_MLP:
    case AV_CODEC_ID_TRUEHD:
    case AV_CODEC_ID_SHORTEN: return 0;
    default: return 1;
    }
}

/* Decodes and drops up to `frame`. */
static StStatus skip_to(Track *track, uint64_t frame) {
    while (track->position < frame) {
        Step step = track_step(track);
        uint64_t at_hand = track->frame_left + track->silent_left, left = frame - track->position;
        if (step == STEP_FAILED) return track_failure(track);
        if (step == STEP_ENDED)
            return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%llu frames)",
                            (unsigned long long)frame, (unsigned long long)track->position);
        if (left > at_hand) left = at_hand;
        track_pass(track, left > UINT32_MAX ? UINT32_MAX : (uint32_t)left);
    }
    return st_ok();
}

static StStatus check_target(const Track *track, uint64_t frame) {
    if (track->input.io->seek == NULL) return st_error(ST_ERROR_UNSUPPORTED, "this input cannot seek");
    if (frame <= INT64_MAX / 4 && (!track->is_lossless || track->end_frame == 0 || frame <= track->end_frame))
        return st_ok();
    return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%llu frames)", (unsigned long long)frame,
                    (unsigned long long)track->end_frame);
}

/* Lets libavformat move to a block before `frame`, far enough for the codec to run up; 0 where it cannot. */
static int jump(Track *track, uint64_t frame) {
    uint64_t run_up_frames = run_up(track), landed = 0;
    uint64_t target = frame > run_up_frames ? frame - run_up_frames : 0;
    if (av_seek_frame(track->input.format, track->stream->index, stamps_before(&track->stamps, target),
                      AVSEEK_FLAG_BACKWARD) < 0)
        return 0;
    if (track_forget(track) < 0) return 0;
    /* A codec with a memory is to begin with the same packet, wherever libavformat has landed. */
    if (!track->is_lossless) track->first_stamp = stamps_before(&track->stamps, target);
    track->exact = 0; /* until it is known where this is */
    stamps_jump(&track->stamps);
    if (track_step(track) != STEP_FRAME) return 0;
    if (!track->is_lossless) track_pass(track, track->frame_left); /* codecs may cut the first block */
    if (track_step(track) != STEP_FRAME || !stamps_frame(&track->stamps, track->frame->pts, &landed)) return 0;
    if (landed + run_up_frames / 2 > frame) return 0;
    track->position = landed;
    return 1;
}

static int can_jump(const Track *track) {
    const AVInputFormat *container = track->input.format->iformat;
    /* Where a container has no stamps, libavformat adds up the lengths of blocks. */
    int has_own_stamps = !(container->flags & AVFMT_GENERIC_INDEX);
    return stamps_are_exact(&track->stamps) && begins_anywhere(track) &&
           (has_own_stamps || stamps_add_up(&track->stamps)) &&
           av_match_list(container->name, LANDS_ELSEWHERE, ',') <= 0;
}

/* Codecs whose decoders make noise, by a generator that never begins anew. */
static int makes_noise(const Track *track) {
    switch (track->stream->codecpar->codec_id) {
    case AV_CODEC_ID_AAC:
        /* HE-AAC may need more than a second to run up, which would be heard at the start of each stretch. */
        return track->codec->profile == PROFILE_AAC_LOW;
    case AV_CODEC_ID_AC3:
    case AV_CODEC_ID_EAC3: return 1;
    default: return 0;
    }
}

static int has_stretches(const Track *track) {
    return makes_noise(track) && can_jump(track);
}

/* Where decoding has to begin so that `frame` comes out as ever. */
static uint64_t start_for(const Track *track, uint64_t frame) {
    return has_stretches(track) ? frame - frame % ((uint64_t)track->rate_hz * STRETCH_SECONDS) : frame;
}

/* Enough of a straight read to know what the stamps are worth. */
static StStatus learn_stamps(Track *track) {
    while (track->exact && !stamps_are_learned(&track->stamps)) {
        Step step = track_step(track);
        if (step == STEP_FAILED) return track_failure(track);
        if (step == STEP_ENDED) break;
        track_pass(track, track->frame_left);
    }
    return st_ok();
}

static StStatus decode_from_start(Track *track, uint64_t frame) {
    StStatus status = track_restart(track);
    return status.code == ST_OK ? skip_to(track, frame) : status;
}

/* What a failure of io has left inside libavformat is not to be trusted. */
static StStatus mend(Track *track) {
    return track->codec == NULL || track->input.failure ? track_restart(track) : st_ok();
}

StStatus seek_exactly(Track *track, uint64_t frame) {
    StStatus status = check_target(track, frame);
    uint64_t start;
    int is_near;
    if (status.code == ST_OK) status = mend(track);
    if (status.code == ST_OK) status = learn_stamps(track);
    if (status.code != ST_OK) return status;
    start = start_for(track, frame);
    is_near = track->exact && !track->failure && frame >= track->position &&
              frame - track->position <= (uint64_t)track->rate_hz * NEAR_SECONDS;
    if (is_near && (start == frame || start <= track->position)) return skip_to(track, frame);
    if (can_jump(track) && start > run_up(track)) {
        if (jump(track, start)) {
            track->exact = 1;
            return skip_to(track, frame);
        }
        if (track->input.failure) return track_failure(track);
    }
    if (frame > (uint64_t)track->rate_hz * MOST_STRAIGHT_SECONDS && !can_jump(track)) {
        st_log(ST_LOG_INFO, "the time stamps of this file name no frames: the seek lands about there");
        return seek_about(track, frame);
    }
    return decode_from_start(track, frame);
}

StStatus seek_about(Track *track, uint64_t frame) {
    StStatus status = check_target(track, frame);
    if (status.code == ST_OK) status = mend(track);
    if (status.code != ST_OK) return status;
    if (can_jump(track) || track->stamps.origin == AV_NOPTS_VALUE) return seek_exactly(track, frame);
    if (jump(track, frame)) return skip_to(track, frame);
    return track->input.failure ? track_failure(track) : decode_from_start(track, frame);
}

/* The codec anew, at the first frame of a stretch. */
static StStatus begin_stretch(Track *track) {
    uint64_t frame = track->position;
    if (jump(track, frame)) {
        track->exact = 1;
        return skip_to(track, frame);
    }
    if (track->input.failure) return track_failure(track);
    track->stamps.lie = 1; /* no more stretches */
    return decode_from_start(track, frame);
}

StStatus seek_read(Track *track, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof) {
    if (frames > 0 && track->codec && !track->failure && track->exact && has_stretches(track)) {
        uint64_t start = start_for(track, track->position);
        uint64_t left = start + (uint64_t)track->rate_hz * STRETCH_SECONDS - track->position;
        if (start > 0 && track->position == start) {
            StStatus status = begin_stretch(track);
            if (status.code != ST_OK) return status;
        }
        if (frames > left) frames = (uint32_t)left;
    }
    return track_read(track, frames, out, out_read, out_eof);
}
