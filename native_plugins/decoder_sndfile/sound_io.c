/*
 * sound_io.c: the five callbacks by which libsndfile reads. What the host answers with an error is kept in the Sound,
 * because libsndfile takes it for the end of the file.
 */
#include "sound_io.h"

#include <stellatune_sdk.h>

static void keep_failure(Sound *sound, int32_t code, StStr message, const char *what) {
    if (sound->io_failure) return;
    sound->io_failure = code == ST_ERROR_CANCELLED ? ST_ERROR_CANCELLED : ST_ERROR_IO;
    snprintf(sound->io_failure_text, sizeof sound->io_failure_text, "%s%s%.*s", what, message.len ? ": " : "",
             (int)(message.len > 150 ? 150 : message.len), message.len ? message.ptr : "");
}

static sf_count_t io_length(void *user_data) {
    Sound *sound = user_data;
    uint64_t size = 0, here = 0, back = 0;
    if (sound->io->size && sound->io->size(sound->io_handle, &size).code == ST_OK)
        return size > INT64_MAX ? -1 : (sf_count_t)size;
    if (sound->io->seek(sound->io_handle, 0, ST_SEEK_CURRENT, &here).code != ST_OK ||
        sound->io->seek(sound->io_handle, 0, ST_SEEK_END, &size).code != ST_OK ||
        sound->io->seek(sound->io_handle, (int64_t)here, ST_SEEK_START, &back).code != ST_OK || size > INT64_MAX)
        return -1;
    return (sf_count_t)size;
}

static sf_count_t io_seek(sf_count_t offset, int whence, void *user_data) {
    Sound *sound = user_data;
    uint64_t position = 0;
    uint32_t from = whence == SEEK_SET ? ST_SEEK_START : whence == SEEK_CUR ? ST_SEEK_CURRENT : ST_SEEK_END;
    StStatus status = sound->io->seek(sound->io_handle, offset, from, &position);
    return status.code == ST_OK && position <= INT64_MAX ? (sf_count_t)position : -1;
}

static sf_count_t io_read(void *out, sf_count_t count, void *user_data) {
    Sound *sound = user_data;
    sf_count_t done = 0;
    while (done < count && !sound->io_failure) {
        size_t got = 0, want = (size_t)(count - done);
        StStatus status = {0};
        if (st_cancelled()) {
            keep_failure(sound, ST_ERROR_CANCELLED, status.message, "decoding was cancelled");
            break;
        }
        status = sound->io->read(sound->io_handle, (uint8_t *)out + done, want, &got);
        if (status.code != ST_OK || got > want) {
            keep_failure(sound, status.code, status.message, "the input cannot be read");
            break;
        }
        if (got == 0) break;
        done += (sf_count_t)got;
    }
    return done;
}

static sf_count_t io_write(const void *data, sf_count_t count, void *user_data) {
    (void)data;
    (void)count;
    (void)user_data;
    return 0;
}

static sf_count_t io_tell(void *user_data) {
    return io_seek(0, SEEK_CUR, user_data);
}

SF_VIRTUAL_IO SOUND_IO = {io_length, io_seek, io_read, io_write, io_tell};

StStatus sound_io_check(Sound *sound) {
    if (sound->io->seek == NULL)
        return st_error(ST_ERROR_UNSUPPORTED, "libsndfile needs an input that can seek; this one cannot");
    if (io_length(sound) < 0)
        return st_error(ST_ERROR_UNSUPPORTED, "libsndfile needs an input of known length; this one has none");
    return st_ok();
}
