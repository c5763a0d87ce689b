/*
 * track.c: drives libavformat and libavcodec, and puts blocks on one line of frames.
 */
#include "track.h"

#include <libavutil/intreadwrite.h>

#include "ending.h"

#define MAX_BLOCK_FRAMES (4 << 20)
/* So many packets in a row that cannot be decoded are no damage but another kind of data. */
#define MAX_BROKEN_RUN 64
/* A longer hole is taken for a jump of the time stamps. */
#define MAX_HOLE_SECONDS 10
/* What lossy streams may lack of the length their container tells. */
#define LOSSY_SLACK_FRAMES 8192

ST_SDK_PRINTF(3, 4) static Step fail(Track *track, int32_t code, const char *format, ...) {
    va_list args;
    track->failure = code;
    va_start(args, format);
    vsnprintf(track->failure_text, sizeof track->failure_text, format, args);
    va_end(args);
    return STEP_FAILED;
}

StStatus track_failure(const Track *track) {
    return st_error(track->failure, "%s", track->failure_text);
}

static int is_dsd(enum AVCodecID codec) {
    return codec == AV_CODEC_ID_DSD_LSBF || codec == AV_CODEC_ID_DSD_MSBF || codec == AV_CODEC_ID_DSD_LSBF_PLANAR ||
           codec == AV_CODEC_ID_DSD_MSBF_PLANAR || codec == AV_CODEC_ID_DST;
}

/* WavPack has a lossy kind, which keeps all else: its length, its blocks, its checksums. */
static int gives_back_everything(const AVCodecDescriptor *codec) {
    if (codec == NULL) return 0;
    return codec->id == AV_CODEC_ID_WAVPACK || is_dsd(codec->id) ||
           ((codec->props & AV_CODEC_PROP_LOSSLESS) && !(codec->props & AV_CODEC_PROP_LOSSY));
}

static int start_codec(Track *track) {
    const AVCodec *decoder = avcodec_find_decoder(track->stream->codecpar->codec_id);
    int result;
    avcodec_free_context(&track->codec);
    if (decoder == NULL) return AVERROR_DECODER_NOT_FOUND;
    track->codec = avcodec_alloc_context3(decoder);
    if (track->codec == NULL) return AVERROR(ENOMEM);
    result = avcodec_parameters_to_context(track->codec, track->stream->codecpar);
    track->is_lossless = gives_back_everything(avcodec_descriptor_get(track->stream->codecpar->codec_id));
    track->codec->pkt_timebase = track->stream->time_base;
    track->codec->thread_count = 1;
    track->codec->max_samples = MAX_BLOCK_FRAMES;
    /* Lossless codecs carry checksums; lossy streams hold many small sins that nobody hears. */
    if (track->is_lossless) track->codec->err_recognition |= AV_EF_CRCCHECK | AV_EF_EXPLODE;
    if (result >= 0) result = avcodec_open2(track->codec, decoder, NULL);
    if (result < 0) avcodec_free_context(&track->codec);
    return result;
}

static int is_wanted(const Track *track) {
    return track->packet->stream_index == track->stream->index &&
           (track->packet->pts == AV_NOPTS_VALUE || track->packet->pts >= track->first_stamp);
}

/* Hands the codec one packet of ours, or the end. */
static Step feed(Track *track) {
    int result = 0;
    if (!track->has_packet) result = av_read_frame(track->input.format, track->packet);
    track->has_packet = 0;
    if (track->input.failure) return fail(track, track->input.failure, "%s", track->input.failure_text);
    if (result < 0) {
        /* Whatever it says: a container that cannot be read on has ended there; its length tells whether it should. */
        track->is_draining = 1;
        avcodec_send_packet(track->codec, NULL);
        return STEP_FRAME;
    }
    if (is_wanted(track)) {
        if (track->stamps.blocks == 0) {
            const uint8_t *cut = av_packet_get_side_data(track->packet, AV_PKT_DATA_SKIP_SAMPLES, NULL);
            if (cut) track->skipped += AV_RL32(cut);
        }
        result = avcodec_send_packet(track->codec, track->packet);
        if (result < 0 && result != AVERROR_EOF) track->broken_run++;
    }
    av_packet_unref(track->packet);
    return STEP_FRAME;
}

/* The next block, of whatever format. */
static Step decode(Track *track) {
    for (;;) {
        int result = avcodec_receive_frame(track->codec, track->frame);
        if (result == 0 && track->frame->nb_samples > 0) return STEP_FRAME;
        if (result == AVERROR_EOF) {
            track->ended = 1;
            return STEP_ENDED;
        }
        if (result != 0 && result != AVERROR(EAGAIN)) track->broken_run++;
        if (st_cancelled()) return fail(track, ST_ERROR_CANCELLED, "decoding was cancelled");
        if (track->broken_run > MAX_BROKEN_RUN)
            return fail(track, ST_ERROR_DECODE, "%u packets in a row, from frame %llu on, cannot be decoded",
                        track->broken_run, (unsigned long long)track->position);
        if (result == AVERROR(EAGAIN) && !track->is_draining && feed(track) == STEP_FAILED) return STEP_FAILED;
    }
}

static int fits(const Track *track) {
    return track->frame->sample_rate == (int)track->rate_hz && samples_channels(track->frame) == (int)track->channels &&
           samples_are_known(track->frame->format);
}

/* Whether the container has more of our stream; the packet is kept. */
static int has_more(Track *track) {
    while (!track->has_packet && !track->is_draining) {
        if (av_read_frame(track->input.format, track->packet) < 0) return 0;
        if (track->packet->stream_index == track->stream->index && !(track->packet->flags & AV_PKT_FLAG_DISCARD))
            track->has_packet = 1;
        else
            av_packet_unref(track->packet);
    }
    return track->has_packet;
}

/* Nothing is given behind the end that the container tells, unless it goes on there. */
static void cut_end(Track *track) {
    uint64_t here = track->position + track->silent_left;
    if (track->end_frame == 0 || !track->exact) return;
    if (here + track->frame_left <= track->end_frame) return;
    if (has_more(track)) {
        st_log(ST_LOG_WARN, "the file goes on behind the %llu frames that it declares",
               (unsigned long long)track->end_frame);
        track->end_frame = 0;
        return;
    }
    track->frame_left = here < track->end_frame ? (uint32_t)(track->end_frame - here) : 0;
}

/* After packets that were lost: silence up to where the block belongs, so that positions stay true. */
static void mend_hole(Track *track) {
    uint64_t frame = 0;
    if (track->broken_run == 0) return;
    track->broken_run = 0;
    if (!track->exact) return; /* on the way to a place, nothing is missed */
    if (track->lost_places++ == 0) track->first_lost = track->position;
    if (stamps_are_exact(&track->stamps) && stamps_frame(&track->stamps, track->frame->pts, &frame) &&
        frame > track->position && frame - track->position <= (uint64_t)track->rate_hz * MAX_HOLE_SECONDS)
        track->silent_left = frame - track->position;
}

Step track_step(Track *track) {
    while (track->frame_left == 0 && track->silent_left == 0) {
        Step step = track->failure ? STEP_FAILED : track->ended ? STEP_ENDED : decode(track);
        if (step != STEP_FRAME) return step;
        if (!fits(track))
            return fail(track, ST_ERROR_DECODE,
                        "the format changes at frame %llu, from %u Hz, %u channels to %d Hz, %d channels: split it",
                        (unsigned long long)track->position, track->rate_hz, track->channels, track->frame->sample_rate,
                        samples_channels(track->frame));
        mend_hole(track);
        track->frame_at = 0;
        track->frame_left = (uint32_t)track->frame->nb_samples;
        if (track->exact)
            stamps_note(&track->stamps, track->frame->pts, track->position + track->silent_left, track->frame_left);
        cut_end(track);
    }
    return STEP_FRAME;
}

void track_pass(Track *track, uint32_t frames) {
    uint32_t silent = track->silent_left < frames ? (uint32_t)track->silent_left : frames;
    track->silent_left -= silent;
    track->frame_at += frames - silent;
    track->frame_left -= frames - silent;
    track->position += frames;
}

/* What the end of the stream means: nothing to complain about, or an error in its place. */
static StStatus end_status(const Track *track) {
    uint64_t slack = track->is_lossless ? 0 : LOSSY_SLACK_FRAMES;
    if (track->exact && track->position + slack < track->end_frame)
        return st_error(ST_ERROR_DECODE,
                        "file ends before its declared %llu frames; %llu were decoded (truncated? get the file again)",
                        (unsigned long long)track->end_frame, (unsigned long long)track->position);
    if (track->lost_places)
        return st_error(ST_ERROR_DECODE, "damaged in %u place%s, first near frame %llu: lost frames are silence",
                        track->lost_places, track->lost_places == 1 ? "" : "s", (unsigned long long)track->first_lost);
    return st_ok();
}

StStatus track_read(Track *track, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof) {
    uint32_t done = 0;
    Step step = STEP_FRAME;
    while (done < frames && (step = track_step(track)) == STEP_FRAME) {
        uint64_t silent = track->silent_left;
        uint32_t give = frames - done;
        float *to = out + (size_t)done * track->channels;
        if (silent > 0) {
            if (give > silent) give = (uint32_t)silent;
            memset(to, 0, sizeof(float) * give * track->channels);
        } else {
            if (give > track->frame_left) give = track->frame_left;
            samples_interleave(track->frame, track->frame_at, give, track->order, to);
        }
        track_pass(track, give);
        done += give;
    }
    if (done == 0 && step == STEP_FAILED) return track_failure(track);
    if (done == 0 && step == STEP_ENDED) {
        StStatus status = end_status(track);
        if (status.code != ST_OK) return status;
    }
    *out_read = done;
    *out_eof = done == 0 && step == STEP_ENDED;
    return st_ok();
}

static uint32_t bits_of(const Track *track) {
    int exact = av_get_exact_bits_per_sample(track->stream->codecpar->codec_id);
    int raw = track->codec->bits_per_raw_sample;
    if (!track->is_lossless || is_dsd(track->stream->codecpar->codec_id)) return 0; /* DSD is heard filtered */
    if (exact > 0) return (uint32_t)exact;
    return (uint32_t)(raw > 0 ? raw : 8 * av_get_bytes_per_sample(track->codec->sample_fmt));
}

/* The first block says what the stream is, better than the headers do. */
static StStatus learn_format(Track *track) {
    Step step = decode(track);
    int channels = step == STEP_FRAME ? samples_channels(track->frame) : 0;
    int rate_hz = step == STEP_FRAME ? track->frame->sample_rate : 0;
    int is_float;
    if (step == STEP_FAILED) return track_failure(track);
    if (step == STEP_ENDED) return st_error(ST_ERROR_UNSUPPORTED, "FFmpeg finds no sound in this file");
    if (rate_hz < 1 || rate_hz > TRACK_MAX_RATE_HZ || channels < 1 || channels > SAMPLES_MAX_CHANNELS ||
        !samples_are_known(track->frame->format))
        return st_error(ST_ERROR_UNSUPPORTED, "the file declares %d channels at %d Hz", channels, rate_hz);
    if (track->rate_hz != 0 && ((uint32_t)rate_hz != track->rate_hz || (uint32_t)channels != track->channels))
        return st_error(ST_ERROR_DECODE, "the file has changed its format while it was open");
    track->rate_hz = (uint32_t)rate_hz;
    track->channels = (uint32_t)channels;
    track->bits = bits_of(track);
    is_float = av_get_packed_sample_fmt(track->frame->format) == AV_SAMPLE_FMT_FLT;
    track->is_rounded = track->bits > 24 && !is_float;
    samples_order(track->frame, track->order);
    stamps_begin(&track->stamps, track->stream->time_base, track->rate_hz, track->frame->pts);
    track->end_frame = ending_frames(track->input.format, track->stream, track->rate_hz, track->skipped);
    track->broken_run = 0; /* what was lost before is not missed: positions begin here */
    track->frame_at = 0;
    track->frame_left = (uint32_t)track->frame->nb_samples;
    stamps_note(&track->stamps, track->frame->pts, 0, track->frame_left);
    cut_end(track);
    return st_ok();
}

static void let_go(Track *track) {
    avcodec_free_context(&track->codec);
    input_close(&track->input);
    track->stream = NULL;
    if (track->packet) av_packet_unref(track->packet);
    if (track->frame) av_frame_unref(track->frame);
}

/* From the first byte to the first block. */
static StStatus begin(Track *track) {
    StStatus status = input_open(&track->input);
    int index, result;
    if (status.code != ST_OK) return status;
    index = av_find_best_stream(track->input.format, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    if (index < 0) return st_error(ST_ERROR_UNSUPPORTED, "FFmpeg finds no audio in this file that it can decode");
    track->stream = track->input.format->streams[index];
    for (unsigned i = 0; i < track->input.format->nb_streams; i++)
        track->input.format->streams[i]->discard = (int)i == index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    track->position = 0;
    track->skipped = 0;
    track->stamps.blocks = 0;
    result = track_forget(track);
    if (result < 0) {
        char why[AV_ERROR_MAX_STRING_SIZE] = "";
        av_strerror(result, why, sizeof why);
        return st_error(ST_ERROR_UNSUPPORTED, "FFmpeg cannot decode this codec: %s", why);
    }
    track->exact = 1;
    return learn_format(track);
}

int track_forget(Track *track) {
    av_packet_unref(track->packet);
    av_frame_unref(track->frame);
    track->has_packet = 0;
    track->first_stamp = INT64_MIN;
    track->is_draining = 0;
    track->ended = 0;
    track->frame_left = 0;
    track->silent_left = 0;
    track->broken_run = 0;
    track->failure = 0;
    return start_codec(track);
}

StStatus track_restart(Track *track) {
    StStatus status;
    let_go(track);
    status = begin(track);
    if (status.code != ST_OK) {
        let_go(track);
        fail(track, status.code, "the last seek could not open the file again; seek to retry");
    }
    return status;
}

StStatus track_open(Track *track, StDecoderOpenArgs args) {
    track->packet = av_packet_alloc();
    track->frame = av_frame_alloc();
    if (track->packet == NULL || track->frame == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for a block");
    input_init(&track->input, args);
    return begin(track);
}

void track_close(Track *track) {
    let_go(track);
    av_packet_free(&track->packet);
    av_frame_free(&track->frame);
}
