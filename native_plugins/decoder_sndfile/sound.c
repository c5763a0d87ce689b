/*
 * sound.c: drives libsndfile; knows which of its formats seek exactly.
 */
#include "sound.h"

#include <stellatune_xiph.h>
#include "sound_io.h"

#define SCRATCH_FRAMES 4096
/* More than the bit reservoir and the filter memory of MPEG audio reach back: behind this, a seek has left no trace. */
#define MPEG_RUN_UP_FRAMES (48 * 1152)

typedef enum SeekWay {
    SEEK_DIRECT,   /* sf_seek lands on the very samples */
    SEEK_RUN_UP,   /* it does once some frames have been decoded */
    SEEK_STRAIGHT, /* only decoding from the start does */
} SeekWay;

static SeekWay seek_way(const Sound *sound) {
    if (!sound->info.seekable) return SEEK_STRAIGHT;
    switch (sound->info.format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_PCM_16:
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_FLOAT:
    case SF_FORMAT_DOUBLE:
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW:
        return SEEK_DIRECT;
    case SF_FORMAT_MPEG_LAYER_III:
        /* Below 32 kHz (MPEG-2) and in mono the last bits depend on where libmpg123 began to decode. */
        return sound->info.samplerate >= 32000 && sound->info.channels == 2 ? SEEK_RUN_UP : SEEK_STRAIGHT;
    default:
        return SEEK_STRAIGHT;
    }
}

/* libsndfile hands their channels on in the order of the codec. */
static int has_xiph_order(const Sound *sound) {
    int codec = sound->info.format & SF_FORMAT_SUBMASK;
    return codec == SF_FORMAT_VORBIS || codec == SF_FORMAT_OPUS;
}

static int is_mpeg(const Sound *sound) {
    return (sound->info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG;
}

int sound_knows_length(const Sound *sound) {
    return !is_mpeg(sound) && sound->info.frames >= 0 && sound->info.frames < SF_COUNT_MAX;
}

uint32_t sound_bits(const Sound *sound) {
    switch (sound->info.format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
        return 8;
    case SF_FORMAT_PCM_16:
    case SF_FORMAT_ALAC_16:
        return 16;
    case SF_FORMAT_ALAC_20:
        return 20;
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_ALAC_24:
        return 24;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_ALAC_32:
    case SF_FORMAT_FLOAT:
        return 32;
    case SF_FORMAT_DOUBLE:
        return 64;
    default:
        return 0;
    }
}

static StStatus io_failure_status(const Sound *sound) {
    return st_error(sound->io_failure, "%s", sound->io_failure_text);
}

static void let_go(Sound *sound) {
    if (sound->file) sf_close(sound->file);
    sound->file = NULL;
}

/* A fresh libsndfile at the first frame; on failure none. The format must be that of the first time. */
static StStatus start(Sound *sound) {
    SF_INFO info = {0};
    uint64_t position = 0;
    int again = sound->info.channels != 0;
    let_go(sound);
    sound->io_failure = 0;
    sound->position = 0;
    sound->exact = 1;
    if (sound->io->seek(sound->io_handle, 0, ST_SEEK_START, &position).code != ST_OK)
        return st_error(ST_ERROR_IO, "the input cannot be rewound");
    sound->file = sf_open_virtual(&SOUND_IO, SFM_READ, &info, sound);
    if (sound->io_failure) {
        let_go(sound);
        return io_failure_status(sound);
    }
    if (sound->file == NULL)
        return st_error(ST_ERROR_UNSUPPORTED, "libsndfile does not know this file: %s", sf_strerror(NULL));
    if (again && (info.channels != sound->info.channels || info.samplerate != sound->info.samplerate)) {
        let_go(sound);
        return st_error(ST_ERROR_DECODE, "the file has changed its format while it was open");
    }
    sound->info = info;
    return st_ok();
}

StStatus sound_open(Sound *sound, const StIoVTable *io, void *io_handle) {
    StStatus status;
    sound->io = io;
    sound->io_handle = io_handle;
    status = sound_io_check(sound);
    if (status.code == ST_OK) status = start(sound);
    if (status.code != ST_OK) return status;
    if (sound->info.channels < 1 || sound->info.channels > UINT16_MAX || sound->info.samplerate < 1)
        return st_error(ST_ERROR_UNSUPPORTED, "the file declares %d channels at %d Hz: no audio", sound->info.channels,
                        sound->info.samplerate);
    sound->scratch = malloc(sizeof(float) * SCRATCH_FRAMES * (size_t)sound->info.channels);
    if (sound->scratch == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for %d frames", SCRATCH_FRAMES);
    return st_ok();
}

/* libsndfile gave frames and an error, which its next call forgets: the read after the last frame tells it. */
static void keep_damage(Sound *sound) {
    if (sf_error(sound->file) == SF_ERR_NO_ERROR || sound->io_failure || sound->damage_text[0]) return;
    sound->damage_frame = sound->position;
    snprintf(sound->damage_text, sizeof sound->damage_text, "%s", sf_strerror(sound->file));
}

/* Only what is outside is changed; NaN is no matter of limits. */
static void limit(float *samples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (samples[i] > 1.0f) samples[i] = 1.0f;
        if (samples[i] < -1.0f) samples[i] = -1.0f;
    }
}

StStatus sound_read(Sound *sound, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof) {
    sf_count_t got;
    if (sound->file == NULL)
        return st_error(ST_ERROR_DECODE, "the last seek could not open the file again; seek to retry");
    got = sf_readf_float(sound->file, out, frames);
    if (got < 0) got = 0;
    if (has_xiph_order(sound)) xiph_reorder(out, (size_t)got, (uint32_t)sound->info.channels);
    sound->position += (uint64_t)got;
    if (sound->clip) limit(out, (size_t)got * (size_t)sound->info.channels);
    if (got > 0) keep_damage(sound);
    if (got == 0 && frames > 0) {
        if (sound->io_failure) return io_failure_status(sound);
        if (sf_error(sound->file) != SF_ERR_NO_ERROR)
            return st_error(ST_ERROR_DECODE, "decoding stops at frame %llu: %s", (unsigned long long)sound->position,
                            sf_strerror(sound->file));
        if (sound->exact && sound_knows_length(sound) && sound->position < (uint64_t)sound->info.frames)
            return st_error(
                ST_ERROR_DECODE,
                "file ends before its declared %lld frames; %llu were decoded (truncated? get the file again)",
                (long long)sound->info.frames, (unsigned long long)sound->position);
        if (sound->damage_text[0])
            return st_error(ST_ERROR_DECODE, "damaged, first before frame %llu: %s",
                            (unsigned long long)sound->damage_frame, sound->damage_text);
    }
    *out_read = (uint32_t)got;
    *out_eof = got == 0 && frames > 0;
    return st_ok();
}

/* Decodes and drops up to `frame`. */
static StStatus skip_to(Sound *sound, uint64_t frame) {
    while (sound->position < frame) {
        uint64_t left = frame - sound->position;
        uint32_t got = 0;
        uint8_t eof = 0;
        StStatus status;
        if (st_cancelled()) return st_error(ST_ERROR_CANCELLED, "seeking was cancelled");
        status = sound_read(sound, left < SCRATCH_FRAMES ? (uint32_t)left : SCRATCH_FRAMES, sound->scratch, &got, &eof);
        if (status.code != ST_OK) return status;
        if (eof)
            return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%llu frames)",
                            (unsigned long long)frame, (unsigned long long)sound->position);
    }
    return st_ok();
}

static StStatus check_target(const Sound *sound, uint64_t frame) {
    if (frame <= INT64_MAX && (!sound_knows_length(sound) || frame <= (uint64_t)sound->info.frames)) return st_ok();
    return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%lld frames)", (unsigned long long)frame,
                    (long long)sound->info.frames);
}

static int jump(Sound *sound, uint64_t frame) {
    if (sf_seek(sound->file, (sf_count_t)frame, SEEK_SET) != (sf_count_t)frame || sound->io_failure) return 0;
    sound->position = frame;
    return 1;
}

/* What an io failure has left inside libsndfile is not to be trusted. */
static StStatus mend(Sound *sound) {
    return sound->file == NULL || sound->io_failure ? start(sound) : st_ok();
}

StStatus sound_seek_exactly(Sound *sound, uint64_t frame) {
    SeekWay way = seek_way(sound);
    uint64_t run_up = way == SEEK_RUN_UP ? MPEG_RUN_UP_FRAMES : 0;
    StStatus status = check_target(sound, frame);
    int forward;
    if (status.code == ST_OK) status = mend(sound);
    if (status.code != ST_OK) return status;
    forward = sound->exact && sound->position <= frame;
    if (way != SEEK_STRAIGHT && frame > run_up && !(forward && frame - sound->position <= run_up)) {
        if (jump(sound, frame - run_up)) {
            sound->exact = 1;
            return skip_to(sound, frame);
        }
        if (sound->io_failure) return io_failure_status(sound);
        forward = 0;
    }
    if (!forward) status = start(sound);
    return status.code == ST_OK ? skip_to(sound, frame) : status;
}

StStatus sound_seek_about(Sound *sound, uint64_t frame) {
    StStatus status = check_target(sound, frame);
    if (status.code == ST_OK) status = mend(sound);
    if (status.code != ST_OK) return status;
    if (seek_way(sound) != SEEK_STRAIGHT || !sound->info.seekable) return sound_seek_exactly(sound, frame);
    if (!jump(sound, frame)) {
        sound->exact = 0;
        return sound_seek_exactly(sound, frame);
    }
    sound->exact = 0;
    return st_ok();
}

void sound_close(Sound *sound) {
    let_go(sound);
    free(sound->scratch);
}
