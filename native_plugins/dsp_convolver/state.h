/*
 * state.h: the input that is still heard, kept in one piece, so that the state of a convolver is there without copying.
 */
#ifndef CONVOLVER_STATE_H
#define CONVOLVER_STATE_H

#include "blend.h"
#include "convolution.h"

typedef struct StateHeader {
    char magic[8];
    uint32_t version;
    uint32_t sample_rate_hz;
    uint64_t size_bytes; /* header and samples */
    uint64_t impulse_hash;
    uint32_t channels;
    uint32_t phase;
    Blend blend;
} StateHeader;

ST_STATIC_ASSERT(sizeof(StateHeader) == 64, "StateHeader has no padding");

/* What a state must agree with. */
typedef struct StateKey {
    uint64_t impulse_hash; /* 0: no impulse */
    uint32_t sample_rate_hz;
    uint32_t channels;
} StateKey;

/* Interleaved input: whole partitions, then those frames of the present one that have come. */
typedef struct Past {
    uint8_t *memory; /* room for a header, then for `capacity_frames` frames */
    size_t frame_bytes;
    size_t capacity_frames;
    size_t whole_frames; /* how much is kept beside the present partition */
    size_t begin, end;   /* frames */
} Past;

/* Silence; `whole_frames` 0: nothing will be added. 0 when memory is short. */
int past_init(Past *past, uint32_t channels, size_t whole_frames);

void past_clear(Past *past);

/* Adds at most a partition, and never beyond the end of one. */
void past_add(Past *past, const float *samples, uint32_t frames);

void past_free(Past *past);

/* The state as it lies in memory, until something is added. */
StBlob state_write(Past *past, const StateKey *key, const Blend *blend);

/* Takes a state over into `past`, `blend` and `convolution` (null without impulse); one that is refused changes nothing. */
StStatus state_read(StBlob blob, const StateKey *key, Past *past, Blend *blend, Convolution *convolution);

#endif
