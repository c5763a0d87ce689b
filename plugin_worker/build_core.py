"""Builds ``plugin_worker._core``: the ABI, the pumps and the callbacks for Python modules, compiled once."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # the builder runs in the repository's root, also from an sdist

from cffi import FFI

from abi import cdef

RUNTIME = """
typedef struct { ...; } st_ring_words;
typedef struct {
    uint32_t sample_rate_hz; uint32_t channels; uint32_t block_frames; uint32_t ahead_frames; ...;
} st_ring_format;
typedef struct {
    st_ring_format format; st_ring_words *words; uint64_t own_pos; uint64_t own_retain; uint64_t seen_peer;
    uint64_t seen_retain; ...;
} st_ring;
int st_ring_map(st_ring *ring, int fd, int side);
int st_ring_adopt(st_ring *ring);
void st_ring_unmap(st_ring *ring);
void st_ring_greet(st_ring *ring);
void st_ring_before_sleep(st_ring *ring);
enum { ST_RING_HOST, ST_RING_WRITER, ST_RING_READER };
enum { ST_RING_OK, ST_RING_INTERRUPTED, ST_RING_TIMEOUT, ST_RING_IMPOSSIBLE, ST_RING_BAD_FORMAT, ST_RING_SYSTEM };

typedef struct { ...; } st_stream_words;
typedef struct {
    uint64_t size_bytes; uint32_t seeks; uint32_t capacity_bytes; uint32_t history_bytes; ...;
} st_stream_format;
typedef struct {
    st_stream_format format; st_stream_words *words; uint64_t own_pos; uint64_t cursor; uint64_t epoch; ...;
} st_stream;
int st_stream_map(st_stream *stream, int fd, int side);
void st_stream_unmap(st_stream *stream);
void st_stream_greet(st_stream *stream);
enum { ST_STREAM_WRITER = 1, ST_STREAM_READER };
enum { ST_STREAM_OK, ST_STREAM_IMPOSSIBLE = 6, ST_STREAM_BAD_FORMAT, ST_STREAM_SYSTEM };
#define ST_STREAM_UNKNOWN ...

typedef struct { ...; } st_checkpoint_format;
typedef struct { ...; } st_checkpoint_slot;
typedef struct { uint64_t position; uint64_t epoch; uint64_t config_gen; uint64_t length; } st_checkpoint_label;
typedef struct { uint32_t slot_bytes; ...; } st_checkpoint;
int st_checkpoint_map(st_checkpoint *face, int fd, int keep_slot);
void st_checkpoint_unmap(st_checkpoint *face);
int st_checkpoint_get(const st_checkpoint *face, uint32_t slot, st_checkpoint_label *out_label, uint8_t *bytes);

typedef struct { float *samples; ...; } st_scratch;
int st_scratch_make(st_scratch *scratch, size_t count);
void st_scratch_free(st_scratch *scratch);

typedef struct { ...; } st_ramp;
void st_ramp_set(st_ramp *ramp, float gain);
void st_ramp_to(st_ramp *ramp, float gain, uint32_t frames);
void st_ramp_apply(st_ramp *ramp, float *samples, uint32_t frames, uint32_t channels);
void st_ramp_skip(st_ramp *ramp, uint32_t frames);

typedef struct st_convert st_convert;
#define ST_CONVERT_MAX_CHANNELS ...
enum { ST_QUALITY_QUICK, ST_QUALITY_LOW, ST_QUALITY_MEDIUM, ST_QUALITY_HIGH, ST_QUALITY_VERY_HIGH };
st_convert *st_convert_make(uint32_t in_rate_hz, uint32_t in_channels, uint32_t out_rate_hz, uint32_t out_channels,
                            uint32_t max_in_frames, uint32_t quality, int mix_lfe, const char **out_error);
int st_convert_is_identity(const st_convert *convert);
int64_t st_convert_run(st_convert *convert, float *samples, uint32_t frames, float **out_samples);
void st_convert_matrix(uint32_t in_channels, uint32_t out_channels, int mix_lfe, float *gains);
void st_convert_free(st_convert *convert);

typedef struct st_digest st_digest;
st_digest *st_digest_make(void);
void st_digest_add(st_digest *digest, const void *bytes, size_t len);
void st_digest_cut(st_digest *digest, uint8_t *out_sha256);
void st_digest_free(st_digest *digest);

typedef struct { ...; } st_status_page;
#define ST_STATUS_LANES ...
st_status_page *st_status_attach(int fd);
void st_status_beat(st_status_page *page);

typedef struct { uint64_t instance; void (*plugin_free)(void *ptr, size_t len, size_t align); ...; } st_lane;
void st_lane_enter(st_lane *lane, st_status_page *page, uint32_t slot, uint64_t instance);
void st_lane_leave(st_lane *lane);
int st_call_begin(st_lane *lane, uint32_t call);
void st_call_end(st_lane *lane);
void st_lane_interrupt(st_lane *lane, st_ring *ring);
void st_lane_interrupt_stream(st_lane *lane, st_stream *stream);
void st_lane_clear_interrupt(st_lane *lane);
void st_lane_set_cancelled(st_lane *lane, uint32_t cancelled);

void st_crash_install(st_status_page *page, int bell_fd);
void st_crash_enter(int32_t slot);
void st_crash_leave(void);
void st_crash_rearm(void);

#define ST_OUTBOX_EVENT_BYTES ...
typedef struct { uint64_t instance; uint64_t request; uint32_t level; uint32_t len; } st_outbox_item;
int st_outbox_log(uint32_t level, const char *text, size_t len);
int st_outbox_event(const char *text, size_t len);
int st_outbox_control(uint64_t request, const char *text, size_t len);
int st_outbox_take(st_outbox_item *item, char *out);
void st_outbox_dropped(uint32_t *out_logs, uint32_t *out_events);
uint32_t st_outbox_bell(void);
void st_outbox_wait(uint32_t seen, int64_t timeout_ns);
void st_outbox_ring(void);

#define ST_INBOX_EVENTS ...
#define ST_INBOX_BYTES ...
#define ST_INBOX_EVENT_BYTES ...
uint32_t st_inbox_put(const char *text, size_t len);
size_t st_inbox_take(char *out, size_t room);
#define ST_CONTROL_BYTES ...
int st_controls_allow(const char *word, size_t len);
int32_t st_controls_send(const char *text, size_t len, uint64_t *out_request);

const StHostVTable *st_host_table(const char *root, size_t root_len);
int st_files_grant(const char *value, size_t len, int fd);
void st_files_end(void);

typedef struct { int fd; uint64_t position; } st_file_io;
const StIoVTable *st_file_io_table(void);

typedef struct {
    const StPluginModule *module; StStr type_id; StStr config; size_t most_tags; uint32_t failed; int32_t code;
    uint32_t text_len; char text[...]; StDecoderInstanceRef ref; StDecoderInfo info; uint32_t seeks_frames;
    uint32_t seeks_ms; uint8_t *tags; size_t tags_bytes; ...;
} st_probe;
int st_probe_file(st_lane *lane, st_probe *probe, int fd, const char *name, size_t name_bytes, const char *extension,
                  size_t extension_bytes);
void st_probe_free(st_probe *probe);
enum { ST_TROUBLE_NONE, ST_TROUBLE_CUT, ST_TROUBLE_LATE, ST_TROUBLE_SOURCE, ST_TROUBLE_IMPOSSIBLE };
typedef struct { st_stream stream; int64_t wait_ns; uint32_t trouble; } st_stream_io;
const StIoVTable *st_stream_io_table(const st_stream_io *io);

enum { ST_OPEN_OK, ST_OPEN_NO_LIBRARY, ST_OPEN_NO_SYMBOL, ST_OPEN_NULL };
int st_module_open(const char *path, const StHostVTable *host, const StPluginModule **out_module, char *error,
                   size_t error_bytes);

enum { ST_STOP_INTERRUPTED = 1, ST_STOP_END_OF_STREAM, ST_STOP_FINISHED, ST_STOP_PLUGIN_ERROR, ST_STOP_CONTRACT,
       ST_STOP_RING, ST_STOP_DIGEST, ST_STOP_SWITCH, ST_STOP_LIMIT, ST_STOP_CUT };
#define ST_NO_POSITION ...
typedef struct { uint32_t reason; int32_t code; uint32_t text_len; char text[...]; ...; } st_stop;
typedef struct {
    st_ring output; st_scratch scratch; st_convert *convert; const StDecoderInstanceVTable *vtable; void *handle;
    st_stream_io *input; uint32_t broken_input;
    uint32_t channels; uint32_t chunk_frames; uint64_t silence_frames; uint64_t skip_frames; uint64_t drop_frames;
    st_ramp gain; int64_t take_frames; uint64_t finish_at; st_scratch primed; uint32_t primed_frames;
    uint32_t primed_at; uint32_t primed_ended; uint32_t pending_frames; uint32_t source_ended; ...;
} st_decode;
typedef struct {
    st_stream stream; st_scratch scratch; const StIoVTable *io; void *handle; uint32_t chunk_bytes; uint64_t io_pos;
} st_feed;
void st_feed_pump(st_lane *lane, st_feed *feed, st_stop *stop);
enum { ST_JOIN_NONE, ST_JOIN_SETTLE, ST_JOIN_RAMP, ST_JOIN_FILL, ST_JOIN_RISE };
enum { ST_STATE_NONE, ST_STATE_BLOB, ST_STATE_JSON };
typedef struct {
    st_ring input, output; st_scratch scratch; const StDspInstanceVTable *vtable; void *handle; uint32_t wake_frames;
    uint32_t errors; st_checkpoint checkpoint; uint8_t *exported; uint32_t state_form; uint32_t checkpoint_frames;
    uint64_t checkpoint_at; uint64_t epoch; uint64_t config_gen; st_checkpoint_label kept; uint32_t unkept;
    uint32_t join; uint32_t join_frames; uint64_t join_from; uint32_t join_latency_frames; uint64_t fade_from;
    uint32_t fade_frames; uint32_t fade_latency_frames; st_ring next; uint64_t switch_at; st_scratch dry; ...;
} st_dsp;
typedef struct {
    st_ring input; st_scratch scratch; st_ramp volume; st_digest *digest; const StOutputSinkInstanceVTable *vtable;
    void *handle; uint64_t digest_from; uint64_t cut_at; uint64_t finish_at; st_ring next; uint64_t switch_at;
    int64_t silence_after_ns;
    uint32_t wake_frames; uint32_t chunk_frames; uint32_t since_query; uint32_t starved; uint32_t started; ...;
} st_sink;
typedef struct {
    st_ring input, second, output; st_scratch scratch; st_scratch other; uint64_t limit; uint64_t join_at;
    uint64_t fade_frames; uint64_t first_end; uint32_t wake_frames; ...;
} st_mix;
uint64_t st_mix_input_end(const st_mix *stage);
void st_mix_take_over(st_mix *stage);
void st_mix_pump(st_lane *lane, st_mix *stage, st_stop *stop);
void st_decode_pump(st_lane *lane, st_decode *stage, st_stop *stop);
void st_decode_prime(st_lane *lane, st_decode *stage, st_stop *stop);
void st_dsp_keep(st_lane *lane, st_dsp *stage);
void st_dsp_expect_checkpoint(st_dsp *stage);
int st_dsp_take_over(st_lane *lane, st_dsp *stage, uint64_t from);
void st_dsp_pump(st_lane *lane, st_dsp *stage, st_stop *stop);
void st_sink_pump(st_lane *lane, st_sink *stage, st_stop *stop);
uint32_t st_sink_query(st_lane *lane, st_sink *stage);
"""

# A Python module's vtables: every function has the very type of its slot, and finds its Python object by the handle.
PYTHON_MODULE = """
extern "Python" {
    void py_plugin_free(void *ptr, size_t len, size_t align);
    StStr py_metadata(void);
    size_t py_capability_count(void);
    const StCapabilityDescriptor *py_capability_get(size_t index);
    size_t py_ext_score_count(StStr type_id);
    const StDecoderExtScore *py_ext_score_get(StStr type_id, size_t index);
    StStatus py_create_decoder(StStr type_id, StStr config, StDecoderInstanceRef *out);
    StStatus py_create_dsp(StStr type_id, uint32_t rate, uint16_t channels, StStr config, StDspInstanceRef *out);
    StStatus py_create_source(StStr type_id, StStr config, StSourceCatalogInstanceRef *out);
    StStatus py_create_lyrics(StStr type_id, StStr config, StLyricsProviderInstanceRef *out);
    StStatus py_create_sink(StStr type_id, StStr config, StOutputSinkInstanceRef *out);
    StStatus py_shutdown(void);
    StStatus py_plan(void *handle, StStr config, StConfigUpdatePlan *out);
    StStatus py_apply(void *handle, StStr config);
    void py_destroy(void *handle);
    StStatus py_decoder_open(void *handle, StDecoderOpenArgs args);
    StStatus py_decoder_info(void *handle, StDecoderInfo *out);
    StStatus py_decoder_metadata(void *handle, StStr *out);
    StStatus py_decoder_read(void *handle, uint32_t frames, float *out, uint32_t *out_frames, uint8_t *out_eof);
    StStatus py_decoder_seek_frame(void *handle, uint64_t frame, uint64_t *out_landed);
    StStatus py_dsp_process(void *handle, float *samples, uint32_t frames);
    uint32_t py_dsp_layouts(void *handle);
    uint32_t py_dsp_latency(void *handle);
    StStatus py_dsp_reset(void *handle);
    StStatus py_source_list(void *handle, StStr request, StStr *out);
    StStatus py_source_open(void *handle, StStr track, const StIoVTable **io, void **stream, StStr *out);
    void py_source_close(void *handle, void *stream);
    StStatus py_lyrics_search(void *handle, StStr query, StStr *out);
    StStatus py_lyrics_fetch(void *handle, StStr track, StStr *out);
    StStatus py_sink_targets(void *handle, StStr *out);
    StStatus py_sink_negotiate(void *handle, StStr target, StAudioSpec wished, StOutputSinkNegotiatedSpec *out);
    StStatus py_sink_open(void *handle, StStr target, StAudioSpec spec, uint64_t start_frame);
    StStatus py_sink_write(void *handle, uint32_t frames, uint16_t channels, const float *samples,
                           uint32_t *out_accepted);
    StStatus py_sink_status(void *handle, StOutputSinkRuntimeStatus *out);
    StStatus py_sink_flush(void *handle);
    StStatus py_sink_reset(void *handle, uint64_t next_frame);
    void py_sink_close(void *handle);
}
size_t st_base64_decode(const char *text, size_t len, uint8_t *out);
void *malloc(size_t size);
void free(void *ptr);
"""

SOURCE = """
#include <stdlib.h>
#include <stellatune/stellatune.h>
#include <stellatune_base64.h>
#include "controls.h"
#include "crash.h"
#include "file_io.h"
#include "host_callbacks.h"
#include "inbox.h"
#include "module_open.h"
#include "outbox.h"
#include "probe.h"
#include "pump.h"
"""

FLAGS = ["-std=c11", "-O2", "-fvisibility=hidden", "-ftree-vectorize", "-fno-math-errno"]
OWN = ["controls", "crash", "decode_pump", "dsp_checkpoint", "dsp_pump", "dsp_takeover", "file_io", "host_callbacks"]
OWN += ["inbox", "lane", "mix_pump", "module_open", "outbox", "probe", "sink_pump", "stop", "stream_io", "stream_pump"]
SHARED = ["byte_stream", "channels", "checkpoint", "convert", "cubic", "digest", "ramp", "ring", "scratch", "wake"]

ffibuilder = FFI()
ffibuilder.cdef(cdef.declarations())
ffibuilder.cdef(RUNTIME + PYTHON_MODULE)
ffibuilder.set_source(
    "plugin_worker._core",
    SOURCE,
    sources=[f"plugin_worker/csrc/{name}.c" for name in OWN] + [f"shm_audio/csrc/{name}.c" for name in SHARED],
    include_dirs=["abi/include", "abi/sdk", "shm_audio/csrc", "plugin_worker/csrc"],
    depends=sorted(
        str(path)
        for folder in ("abi/include/stellatune", "abi/sdk", "shm_audio/csrc", "plugin_worker/csrc")
        for path in Path(folder).glob("*.h")
    ),
    define_macros=[("_GNU_SOURCE", None)],
    libraries=["soxr", "m"],
    extra_compile_args=[*FLAGS, "-Wall", "-Wextra", "-Werror"],
)
