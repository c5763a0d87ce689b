/*
 * state.h: the filter memory as bytes that another instance can go on from.
 */
#ifndef EQUALIZER_STATE_H
#define EQUALIZER_STATE_H

#include "filter.h"

typedef struct StateHeader {
    char magic[8];
    uint32_t version;
    uint32_t size_bytes; /* header and memory */
    uint32_t sample_rate_hz;
    uint32_t channels;
    uint32_t bands;
    uint32_t grid_frame;
    uint8_t types[MAX_BANDS];
} StateHeader;

ST_STATIC_ASSERT(sizeof(StateHeader) == 64, "StateHeader has no padding");

/* The header, then for every pair of channels and every band: s1 and s2, two numbers each. */
typedef struct StateBytes {
    StateHeader header;
    BiquadMemory memory[MAX_PAIRS * MAX_BANDS];
} StateBytes;

/* Fills `bytes` and says how many of them count. */
size_t state_write(StateBytes *bytes, const Filter *filter, const BandList *list, uint32_t sample_rate_hz);

/* Takes over memory, band by band where place and type agree; refuses a state of another version, rate or layout. */
StStatus state_read(StBlob blob, Filter *filter, const BandList *list, uint32_t sample_rate_hz);

#endif
