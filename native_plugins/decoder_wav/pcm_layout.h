/*
 * pcm_layout.h: what a header says about the samples of a file, whatever kind of header it was.
 */
#ifndef DECODER_WAV_PCM_LAYOUT_H
#define DECODER_WAV_PCM_LAYOUT_H

#include <stellatune_tagset.h>

#define MAX_RATE_HZ 768000u
#define MAX_CHANNELS 256u
#define MAX_CHUNKS 10000u /* of one file; more is no music */
#define FRAMES_UNKNOWN UINT64_MAX

typedef enum PcmCoding { PCM_SIGNED = 1, PCM_UNSIGNED = 2, PCM_FLOAT = 3 } PcmCoding;

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
    uint64_t id3_offset;      /* of a chunk with an ID3v2 tag; 0: there is none */
    uint64_t id3_bytes;
    Tags texts;               /* of the chunks that hold one text each */
} PcmLayout;

/* Refuses what nobody can play: the container size, coding, channels and rate of a layout. */
StStatus pcm_layout_check(const PcmLayout *layout);

/* A length that a writer puts down when it does not know yet how much will come. */
int pcm_is_placeholder(uint64_t bytes, uint64_t bytes_there);

/* Notes the chunk that an ID3v2 tag is in; the first one counts. */
void pcm_layout_note_id3(PcmLayout *layout, uint64_t offset, uint64_t bytes);

void pcm_layout_free(PcmLayout *layout);

static inline uint32_t pcm_frame_bytes(const PcmLayout *layout) {
    return layout->channels * layout->container_bytes;
}

#endif
