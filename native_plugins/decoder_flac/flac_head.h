/*
 * flac_head.h: what stands before the sound of a FLAC file, read so that libFLAC need not: it reads pictures through.
 *
 * libFLAC is shown a shorter file: the blocks that it needs to decode, and behind them the sound.
 */
#ifndef DECODER_FLAC_HEAD_H
#define DECODER_FLAC_HEAD_H

#include <stellatune_tagset.h>

typedef struct FlacHead {
    uint8_t *bytes; /* what libFLAC is shown first; on the heap */
    size_t len;
    uint64_t sound; /* the byte of the input at which it is to go on then */
} FlacHead;

/*
 * Reads from the first byte of an input up to its sound, and gathers the tags on the way. What does not begin like FLAC
 * is shown as it is. CANCELLED and IO are the input's.
 */
StStatus flac_head_read(FlacHead *head, Tags *tags, const StIoVTable *io, void *io_handle);

#endif
