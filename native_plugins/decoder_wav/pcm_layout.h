/*
 * pcm_layout.h: what a header says about the samples of a file, whatever kind of header it was.
 */
#ifndef DECODER_WAV_PCM_LAYOUT_H
#define DECODER_WAV_PCM_LAYOUT_H

#include <stellatune_sdk.h>

#define MAX_RATE_HZ 768000u
#define MAX_CHANNELS 256u
#define MAX_CHUNKS 10000u /* of one file; more is no music */
#define FRAMES_UNKNOWN UINT64_MAX

typedef enum PcmCoding { PCM_SIGNED = 1, PCM_UNSIGNED = 2, PCM_FLOAT = 3 } PcmCoding;

typedef enum PcmTag {
    TAG_TITLE,
    TAG_ARTIST,
    TAG_ALBUM,
    TAG_TRACK,
    TAG_DATE,
    TAG_GENRE,
    TAG_COMPOSER,
    TAG_COUNT
} PcmTag;

typedef struct PcmLayout {
    PcmCoding coding;
    int big_endian;
    uint32_t rate_hz;
    uint32_t channels;
    uint32_t bits;            /* that count, at the top of the container */
    uint32_t container_bytes; /* of one sample */
    uint64_t data_offset;
    uint64_t data_bytes;      /* BYTES_UNKNOWN: up to the end of the file */
    uint64_t declared_frames; /* FRAMES_UNKNOWN: as many as data_bytes holds */
    StStr tags[TAG_COUNT];    /* on the heap */
} PcmLayout;

/* Refuses what nobody can play: the container size, coding, channels and rate of a layout. */
StStatus pcm_layout_check(const PcmLayout *layout);

/* A length that a writer puts down when it does not know yet how much will come. */
int pcm_is_placeholder(uint64_t bytes, uint64_t bytes_there);

/* Keeps the first text of a kind, without the padding at its end. */
void pcm_layout_keep_tag(PcmLayout *layout, PcmTag tag, const uint8_t *text, size_t len);

void pcm_layout_free(PcmLayout *layout);

static inline uint32_t pcm_frame_bytes(const PcmLayout *layout) {
    return layout->channels * layout->container_bytes;
}

#endif
