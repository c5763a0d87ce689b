/*
 * dsp.h: capability "dsp" - interleaved float32 in place, frame for frame.
 *
 * Strictly 1:1. Rate and channels are those given to create_dsp_instance and never change; every block has the same
 * number of frames, fixed for the life of the pipeline.
 */
#ifndef STELLATUNE_DSP_H
#define STELLATUNE_DSP_H

#include "common.h"
#include "config_update.h"

ST_BEGIN_DECLS

#define ST_LAYOUT_MONO 1u
#define ST_LAYOUT_STEREO 2u
#define ST_LAYOUT_5_1 4u
#define ST_LAYOUT_7_1 8u
#define ST_LAYOUT_ANY 0xFFFFFFFFu

typedef struct StDspInstanceVTable {
    /*
     * Processes one block where it stands.
     * thread: [lane & created]
     * realtime: yes
     * owned: the buffer is the caller's, of frames * channels samples
     * valid until: return
     * errors: INTERNAL (the block is then taken as it was)
     */
    StStatus (*process_interleaved_f32_in_place)(void *handle, float *samples, uint32_t frames);

    /*
     * Says which channel layouts this type takes, as ST_LAYOUT_* bits.
     * thread: [lane & created]
     * realtime: no
     * owned: nothing
     * valid until: the answer never changes
     * errors: none
     */
    uint32_t (*supported_layouts)(void *handle);

    /*
     * Says how many frames the output lags the input; null means none.
     * thread: [lane & created]
     * realtime: no
     * owned: nothing
     * valid until: the answer never changes for one configuration
     * errors: none
     */
    uint32_t (*latency_frames)(void *handle);

    /*
     * Forgets the past, as after create (a seek). Null: the host recreates the instance instead.
     * thread: [lane & created]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: INTERNAL
     */
    StStatus (*reset)(void *handle);

    StInstanceVTable instance;
} StDspInstanceVTable;

typedef struct StDspInstanceRef {
    void *handle;
    const StDspInstanceVTable *vtable;
    uint32_t reserved0;
    uint32_t reserved1;
    uint64_t reserved2;
} StDspInstanceRef;

ST_STATIC_ASSERT(sizeof(StDspInstanceVTable) == 4 * 8 + 64, "StDspInstanceVTable");
ST_STATIC_ASSERT(sizeof(StDspInstanceRef) == 32, "StDspInstanceRef");

ST_END_DECLS

#endif
