/*
 * info_frame.h: what the first block of an MP3 may hold in place of sound - the header of Xing and LAME, or
 * Fraunhofer's.
 */
#ifndef DECODER_MPG123_INFO_FRAME_H
#define DECODER_MPG123_INFO_FRAME_H

#include <stddef.h>
#include <stdint.h>

typedef struct InfoFrame {
    int exists;           /* the first block is none of sound */
    uint64_t blocks;      /* of sound, as claimed; 0: not said */
    uint64_t bytes;       /* from this block on, as claimed; 0: not said */
    int has_gaps;         /* the two below are known */
    uint32_t delay_frames; /* what the encoder put before the sound, without the decoder's own delay */
    uint32_t padding_frames;

    /* ReplayGain, towards 89 dB. */
    int has_track_gain, has_album_gain;
    double track_gain_db, album_gain_db;
    double peak; /* 0: not said */
} InfoFrame;

/* Reads the block with this header and these bytes behind it; nothing is found in one of sound. */
InfoFrame info_frame_read(uint32_t header, const uint8_t *body, size_t size);

#endif
