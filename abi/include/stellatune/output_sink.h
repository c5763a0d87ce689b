/*
 * output_sink.h: capability "output sink" - takes interleaved float32 to a device or a file.
 *
 * Life: list_targets_json and negotiate_spec at any time; open, then write / query_status / flush / reset, then close;
 * open may follow close.
 */
#ifndef STELLATUNE_OUTPUT_SINK_H
#define STELLATUNE_OUTPUT_SINK_H

#include "common.h"
#include "config_update.h"

ST_BEGIN_DECLS

#define ST_NEGOTIATE_EXACT 1            /* the wished spec as it was */
#define ST_NEGOTIATE_RATE_CHANGED 2
#define ST_NEGOTIATE_CHANNELS_CHANGED 4

typedef struct StOutputSinkNegotiatedSpec {
    StAudioSpec spec;
    uint32_t preferred_chunk_frames; /* 0 = no preference */
    uint32_t flags;                  /* ST_NEGOTIATE_* */
    uint64_t reserved0;
} StOutputSinkNegotiatedSpec;

typedef struct StOutputSinkRuntimeStatus {
    uint32_t queued_frames; /* accepted and not heard yet */
    uint8_t running;        /* 1 while the device or writer takes frames */
    uint8_t reserved0;
    uint16_t reserved1;
    uint64_t underruns;     /* times it ran dry since it was created, as far as it knows */
} StOutputSinkRuntimeStatus;

typedef struct StOutputSinkInstanceVTable {
    /*
     * Lists targets as a JSON array of objects with at least "id" and "name"; "default": true marks one. The object, or
     * its "id" alone as {"id": ...}, is what negotiate_spec and open take.
     * thread: [lane & created]
     * realtime: no
     * owned: the text is the plugin's until freed with plugin_free
     * valid until: freed
     * errors: IO
     */
    StStatus (*list_targets_json_utf8)(void *handle, StStr *out_json_utf8);

    /*
     * Says which spec the target will take when `wished` is asked for.
     * thread: [lane & created]
     * realtime: no
     * owned: nothing
     * valid until: the target text until return
     * errors: INVALID_ARG (no such target), UNSUPPORTED, IO
     */
    StStatus (*negotiate_spec)(void *handle, StStr target_json_utf8, StAudioSpec wished,
                               StOutputSinkNegotiatedSpec *out_spec);

    /*
     * Opens the target. `start_frame` is the programme position of the first frame to come; a file sink writes there.
     * thread: [lane & created]
     * realtime: no
     * owned: nothing
     * valid until: the target text until return
     * errors: INVALID_ARG, UNSUPPORTED, IO, CANCELLED
     */
    StStatus (*open)(void *handle, StStr target_json_utf8, StAudioSpec spec, uint64_t start_frame);

    /*
     * Takes frames; may block while the device is full and may accept fewer than given. Zero accepted with ST_OK means
     * "not now".
     * thread: [lane & open]
     * realtime: no
     * owned: the buffer is the caller's, of frames * channels samples
     * valid until: return
     * errors: IO, CANCELLED
     */
    StStatus (*write_interleaved_f32)(void *handle, uint32_t frames, uint16_t channels, const float *samples,
                                      uint32_t *out_frames_accepted);

    /*
     * Tells what is queued and whether it moves.
     * thread: [lane & open]
     * realtime: yes
     * owned: nothing
     * valid until: return
     * errors: IO
     */
    StStatus (*query_status)(void *handle, StOutputSinkRuntimeStatus *out_status);

    /*
     * Plays out all that was accepted, or completes the file; returns when done. May be null. The sink stays open.
     * Called again after the death of an earlier instance in mid-flush, it must do the whole of its work again.
     * thread: [lane & open]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: IO, CANCELLED
     */
    StStatus (*flush)(void *handle);

    /*
     * Throws away what is queued, without waiting for it; query_status tells nothing queued then. A device stands still
     * until the next write, and wakes nobody meanwhile: this is what a pause asks for. The next frame to come has
     * programme position `next_frame`. A file goes on without a hole.
     * thread: [lane & open]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: IO
     */
    StStatus (*reset)(void *handle, uint64_t next_frame);

    /*
     * Closes the target at once; what is queued and not flushed is lost. Harmless when not open.
     * thread: [lane & created]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: none
     */
    void (*close)(void *handle);

    StInstanceVTable instance;
} StOutputSinkInstanceVTable;

typedef struct StOutputSinkInstanceRef {
    void *handle;
    const StOutputSinkInstanceVTable *vtable;
    uint32_t reserved0;
    uint32_t reserved1;
    uint64_t reserved2;
} StOutputSinkInstanceRef;

ST_STATIC_ASSERT(sizeof(StOutputSinkNegotiatedSpec) == 24, "StOutputSinkNegotiatedSpec");
ST_STATIC_ASSERT(sizeof(StOutputSinkRuntimeStatus) == 16, "StOutputSinkRuntimeStatus");
ST_STATIC_ASSERT(sizeof(StOutputSinkInstanceVTable) == 8 * 8 + 64, "StOutputSinkInstanceVTable");
ST_STATIC_ASSERT(sizeof(StOutputSinkInstanceRef) == 32, "StOutputSinkInstanceRef");

ST_END_DECLS

#endif
