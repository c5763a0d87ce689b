/*
 * impulse.c: lets libsndfile read a passed descriptor, and takes only what the convolution can use.
 */
#define _POSIX_C_SOURCE 200809L
#include "impulse.h"

#include <math.h>
#include <sndfile.h>
#include <stellatune_sdk.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_FRAMES 4096

/* The descriptor's own offset is shared with every process that was ever handed it. */
typedef struct Source {
    int fd;
    sf_count_t size, position;
} Source;

static sf_count_t source_length(void *user_data) { return ((Source *)user_data)->size; }

static sf_count_t source_seek(sf_count_t offset, int whence, void *user_data) {
    Source *source = user_data;
    sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? source->position : source->size, to;
    if (__builtin_add_overflow(from, offset, &to) || to < 0) return -1;
    return source->position = to;
}

static sf_count_t source_read(void *out, sf_count_t count, void *user_data) {
    Source *source = user_data;
    sf_count_t done = 0;
    while (done < count && !st_cancelled()) {
        ssize_t got = pread(source->fd, (char *)out + done, (size_t)(count - done), (off_t)source->position);
        if (got <= 0) break;
        done += got;
        source->position += got;
    }
    return done;
}

static sf_count_t source_write(const void *data, sf_count_t count, void *user_data) {
    (void)data;
    (void)count;
    (void)user_data;
    return 0;
}

static sf_count_t source_tell(void *user_data) { return ((Source *)user_data)->position; }

static SF_VIRTUAL_IO SOURCE_IO = {source_length, source_seek, source_read, source_write, source_tell};

static StStatus too_long(const char *name) {
    return st_error(ST_ERROR_UNSUPPORTED, "convolver: %.200s: longer than %u s or %u frames, cut it", name,
                    IMPULSE_MAX_SECONDS, IMPULSE_MAX_FRAMES);
}

static StStatus check_format(const SF_INFO *info, const char *name, uint32_t sample_rate_hz, uint32_t channels) {
    if (info->channels < 1 || (info->channels != 1 && (uint32_t)info->channels != channels))
        return st_error(ST_ERROR_UNSUPPORTED, "convolver: %.200s: has %d channels, the music has %u; give one of 1 or %u",
                        name, info->channels, (unsigned)channels, (unsigned)channels);
    if (info->samplerate < 1 || (uint32_t)info->samplerate != sample_rate_hz)
        return st_error(ST_ERROR_UNSUPPORTED, "convolver: %.200s: is at %d Hz, the music at %u Hz; convert one of them",
                        name, info->samplerate, (unsigned)sample_rate_hz);
    return st_ok();
}

static uint32_t most_frames(uint32_t sample_rate_hz) {
    uint64_t wanted = (uint64_t)sample_rate_hz * IMPULSE_MAX_SECONDS;
    return wanted < IMPULSE_MAX_FRAMES ? (uint32_t)wanted : IMPULSE_MAX_FRAMES;
}

/* What a header says of the length is not to be trusted: room grows with what is really there. Interleaved. */
static StStatus read_all(SNDFILE *file, int channels, uint32_t most, const char *name, float **out, uint32_t *out_frames) {
    size_t frame_bytes = sizeof(float) * (size_t)channels, room = 0, frames = 0;
    float *samples = NULL;
    sf_count_t got;
    do {
        if (frames + CHUNK_FRAMES > room) {
            float *larger = realloc(samples, (room = 2 * room + CHUNK_FRAMES) * frame_bytes);
            if (larger == NULL) {
                free(samples);
                return st_error(ST_ERROR_INTERNAL, "convolver: %.200s: out of memory", name);
            }
            samples = larger;
        }
        got = sf_readf_float(file, samples + frames * (size_t)channels, CHUNK_FRAMES);
        if (got > 0) frames += (size_t)got;
    } while (got > 0 && frames <= most);
    *out = samples;
    *out_frames = (uint32_t)frames;
    if (st_cancelled()) return st_error(ST_ERROR_CANCELLED, "convolver: reading the impulse was cancelled");
    if (frames > most) return too_long(name);
    if (sf_error(file) != SF_ERR_NO_ERROR)
        return st_error(ST_ERROR_DECODE, "convolver: %.200s: reading stops at frame %zu: %s", name, frames,
                        sf_strerror(file));
    if (frames == 0) return st_error(ST_ERROR_DECODE, "convolver: %.200s: holds no audio", name);
    return st_ok();
}

/* FNV-1a, 64 bits (G. Fowler, L. C. Noll, K.-P. Vo; RFC 9923), over the samples' bytes as they lie. */
static uint64_t hash_of(const Impulse *impulse) {
    uint64_t hash = 0xcbf29ce484222325u;
    const unsigned char *bytes = (const unsigned char *)impulse->samples;
    size_t count = sizeof(float) * impulse->frames * (size_t)impulse->channels;
    for (size_t i = 0; i < count; i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return (hash ^ impulse->channels) * 0x100000001b3u;
}

/* Channel after channel, silence where nobody hears anything. */
static StStatus take_apart(const float *mixed, const char *name, Impulse *impulse) {
    size_t count = (size_t)impulse->frames * impulse->channels;
    impulse->samples = malloc(sizeof(float) * count);
    if (impulse->samples == NULL) return st_error(ST_ERROR_INTERNAL, "convolver: %.200s: out of memory", name);
    for (size_t i = 0; i < count; i++) {
        float sample = mixed[i];
        if (!isfinite(sample)) {
            impulse_clear(impulse);
            return st_error(ST_ERROR_DECODE, "convolver: %.200s: frame %zu holds no number", name, i / impulse->channels);
        }
        if (fabsf(sample) < IMPULSE_TINY) sample = 0;
        impulse->samples[i % impulse->channels * impulse->frames + i / impulse->channels] = sample;
    }
    impulse->hash = hash_of(impulse);
    return st_ok();
}

StStatus impulse_read(int fd, const char *name, uint32_t sample_rate_hz, uint32_t channels, Impulse *out_impulse) {
    struct stat facts;
    Source source = {.fd = fd};
    SF_INFO info = {0};
    SNDFILE *file;
    float *mixed = NULL;
    Impulse impulse = {0};
    StStatus status;
    if (fstat(fd, &facts) != 0) return st_error(ST_ERROR_IO, "convolver: %.200s: cannot be read", name);
    source.size = facts.st_size;
    file = sf_open_virtual(&SOURCE_IO, SFM_READ, &info, &source);
    if (file == NULL)
        return st_error(ST_ERROR_UNSUPPORTED, "convolver: %.200s: is no audio file: %s", name, sf_strerror(NULL));
    status = check_format(&info, name, sample_rate_hz, channels);
    if (status.code == ST_OK)
        status = read_all(file, info.channels, most_frames(sample_rate_hz), name, &mixed, &impulse.frames);
    sf_close(file);
    impulse.channels = (uint32_t)info.channels;
    if (status.code == ST_OK) status = take_apart(mixed, name, &impulse);
    free(mixed);
    if (status.code == ST_OK) *out_impulse = impulse;
    return status;
}

void impulse_clear(Impulse *impulse) {
    free(impulse->samples);
    impulse->samples = NULL;
}
