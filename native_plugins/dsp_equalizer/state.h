/*
 * state.h: memory and glides as bytes that another instance can go on from, also one with other bands.
 */
#ifndef EQUALIZER_STATE_H
#define EQUALIZER_STATE_H

#include "filter.h"

typedef struct StateHeader {
    char magic[8];
    uint32_t version;
    uint32_t size_bytes; /* header and slots */
    uint32_t sample_rate_hz;
    uint32_t channels;
    uint32_t grid_frame;
    uint32_t slots;
    uint32_t preamp_done;
    uint32_t reserved0;
    double preamp_begin_db;
    double preamp_from_db;
    double preamp_to_db;
} StateHeader;

typedef struct StateSlot {
    uint32_t slot; /* its place in the row; places rise */
    uint32_t type;
    uint32_t done;
    uint32_t reserved0;
    Setting begin;
    Setting from;
    Setting to;
    uint64_t reserved1;
    BiquadMemory memory[MAX_PAIRS];
} StateSlot;

ST_STATIC_ASSERT(sizeof(StateHeader) == 64, "StateHeader has no padding");
ST_STATIC_ASSERT(sizeof(StateSlot) == 96 + MAX_PAIRS * 32, "StateSlot has no padding");

/* The header, then as many slots as it says. */
typedef struct StateBytes {
    StateHeader header;
    StateSlot slots[MAX_SLOTS];
} StateBytes;

/* Fills `bytes` and says how many of them count. */
size_t state_write(StateBytes *bytes, const Filter *filter);

/*
 * Takes a state over into a filter that stands at the list's settings, and lets it go there. Bands whose place and type
 * agree go on; others come in, or leave. Refuses, and then changes nothing, a state of another version, rate or layout.
 */
StStatus state_read(StBlob blob, Filter *filter, const BandList *list);

#endif
