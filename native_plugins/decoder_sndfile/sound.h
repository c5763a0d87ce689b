/*
 * sound.h: one libsndfile input - open, read, seek.
 *
 * `position` is the frame that the next read gives, as counted from the start of a straight read; `exact` says whether
 * it is that, or (after a quick seek in a lossy file) only about that.
 */
#ifndef DECODER_SNDFILE_SOUND_H
#define DECODER_SNDFILE_SOUND_H

#include <sndfile.h>
#include <stellatune_sdk.h>

#define SOUND_TEXT_BYTES 200

typedef struct Sound {
    SNDFILE *file;
    SF_INFO info;
    uint64_t position;
    int exact;
    int clip; /* samples are limited to -1..1 */
    float *scratch; /* for frames that are decoded only to get past them */

    const StIoVTable *io;
    void *io_handle;
    int32_t io_failure; /* StStatusCode of an io call that failed inside libsndfile */
    char io_failure_text[SOUND_TEXT_BYTES];

    /* The first error that libsndfile told beside frames, since open: a seek forgets none. */
    uint64_t damage_frame;
    char damage_text[SOUND_TEXT_BYTES]; /* empty: none */
} Sound;

StStatus sound_open(Sound *sound, const StIoVTable *io, void *io_handle);

/* Whether info.frames is the number that reading gives; for MP3 it is what a header claims. */
int sound_knows_length(const Sound *sound);

/* Bits per sample of the source; 0 for lossy formats. */
uint32_t sound_bits(const Sound *sound);

/* Gives up to `frames` frames; damage on the way is told in place of the end of the stream. */
StStatus sound_read(Sound *sound, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof);

/* Moves to exactly `frame`, at whatever cost. */
StStatus sound_seek_exactly(Sound *sound, uint64_t frame);

/* Moves to about `frame`, quickly. */
StStatus sound_seek_about(Sound *sound, uint64_t frame);

/* Frees what the sound holds, not the sound. */
void sound_close(Sound *sound);

#endif
