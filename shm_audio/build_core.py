"""Builds ``shm_audio._core``: the ring's and the status page's C for Python."""

from pathlib import Path

from cffi import FFI

CDEF = """
typedef struct st_ring_format {
    uint64_t magic; uint32_t version; uint32_t sample_rate_hz; uint32_t channels; uint32_t block_frames;
    uint32_t capacity_frames; uint32_t ahead_frames; uint32_t history_frames; uint32_t reserved0;
} st_ring_format;
typedef struct { ...; } st_ring_words;
typedef struct { ...; } st_status_page;
typedef struct st_ring {
    st_ring_format format; st_ring_words *words; uint64_t own_pos; uint64_t own_retain; ...;
} st_ring;
#define ST_RING_MAGIC ...
#define ST_RING_VERSION ...
#define ST_RING_MAX_CAPACITY ...
#define ST_RING_MAX_CHANNELS ...
enum { ST_RING_HOST, ST_RING_WRITER, ST_RING_READER };
enum { ST_RING_OK, ST_RING_INTERRUPTED, ST_RING_TIMEOUT, ST_RING_IMPOSSIBLE, ST_RING_BAD_FORMAT, ST_RING_SYSTEM };
size_t st_ring_bytes(const st_ring_format *format);
int st_ring_format_segment(int fd, const st_ring_format *format);
int st_ring_map(st_ring *ring, int fd, int side);
int st_ring_adopt(st_ring *ring);
void st_ring_unmap(st_ring *ring);
void st_ring_set_words(st_ring *ring, uint64_t position);
void st_ring_set_reader(st_ring *ring, uint64_t retain, uint64_t read);
int st_ring_room(st_ring *ring, uint32_t *out_frames);
int st_ring_available(st_ring *ring, uint32_t *out_frames);
void st_ring_put(st_ring *ring, const float *samples, uint32_t frames, uint64_t *scrubbed);
void st_ring_put_silence(st_ring *ring, uint32_t frames);
void st_ring_get(const st_ring *ring, float *samples, uint32_t frames);
void st_ring_get_at(const st_ring *ring, uint64_t position, float *samples, uint32_t frames);
int st_ring_get_last(const st_ring *ring, float *frame);
void st_ring_publish_write(st_ring *ring, uint32_t frames);
void st_ring_publish_read(st_ring *ring, uint32_t frames);
void st_ring_before_sleep(st_ring *ring);
void st_ring_greet(st_ring *ring);
void st_ring_ring(st_ring_words *words, int side);
int st_ring_look(const st_ring *ring, uint64_t *out_write, uint64_t *out_read, uint64_t *out_retain);
int st_ring_wait_for(st_ring *ring, uint32_t frames, uint32_t *interrupt, int64_t deadline_ns);
int64_t st_now_ns(void);

typedef struct st_stream_format {
    uint64_t magic; uint64_t size_bytes; uint32_t version; uint32_t seeks; uint32_t capacity_bytes;
    uint32_t history_bytes;
} st_stream_format;
typedef struct { ...; } st_stream_words;
typedef struct st_stream {
    st_stream_format format; st_stream_words *words; uint64_t epoch; uint64_t base; uint64_t own_pos;
    uint64_t seen_peer; uint64_t cursor; uint64_t asked; uint32_t taken; uint32_t ended; ...;
} st_stream;
#define ST_STREAM_MAGIC ...
#define ST_STREAM_VERSION ...
#define ST_STREAM_UNKNOWN ...
#define ST_STREAM_MAX_POSITION ...
#define ST_STREAM_MIN_CAPACITY ...
#define ST_STREAM_MAX_CAPACITY ...
enum { ST_STREAM_HOST, ST_STREAM_WRITER, ST_STREAM_READER };
enum { ST_STREAM_OK, ST_STREAM_EMPTY, ST_STREAM_ASKED, ST_STREAM_ENDED, ST_STREAM_FAILED, ST_STREAM_AWAY,
       ST_STREAM_IMPOSSIBLE, ST_STREAM_BAD_FORMAT, ST_STREAM_SYSTEM };
size_t st_stream_segment_bytes(const st_stream_format *format);
int st_stream_format_segment(int fd, const st_stream_format *format);
int st_stream_map(st_stream *stream, int fd, int side);
void st_stream_unmap(st_stream *stream);
void st_stream_greet(st_stream *stream);
void st_stream_ring(st_stream_words *words, int side);
int st_stream_is_asked(const st_stream *stream);
int st_stream_room(st_stream *stream, uint32_t *out_bytes);
int st_stream_answer(st_stream *stream);
void st_stream_put(st_stream *stream, const uint8_t *bytes, uint32_t count);
void st_stream_end(st_stream *stream);
void st_stream_fail(st_stream *stream, uint32_t code);
int st_stream_look(st_stream *stream, uint32_t *out_bytes);
void st_stream_take(st_stream *stream, uint8_t *bytes, uint32_t count);
void st_stream_ask(st_stream *stream);
void st_stream_abandon(st_stream *stream, uint32_t code);
int st_stream_wait_for(st_stream *stream, uint32_t bytes, uint32_t *interrupt, int64_t deadline_ns);
typedef struct st_stream_hint {
    uint64_t base_offset; uint64_t write_pos; uint64_t epoch; uint64_t read_pos; uint64_t read_epoch;
    uint64_t seek_offset; uint64_t seek_epoch; uint32_t ended; uint32_t failure;
} st_stream_hint;
void st_stream_hint_at(const st_stream *stream, st_stream_hint *out);

typedef struct { ...; } st_checkpoint_format;
typedef struct { ...; } st_checkpoint_slot;
typedef struct st_checkpoint_label {
    uint64_t position; uint64_t epoch; uint64_t config_gen; uint64_t length;
} st_checkpoint_label;
#define ST_CHECKPOINT_SLOTS ...
#define ST_CHECKPOINT_MAX_BYTES ...
size_t st_checkpoint_segment_bytes(uint32_t slot_bytes);
size_t st_checkpoint_slot_offset(uint32_t slot_bytes, uint32_t slot);
int st_checkpoint_format_segment(int fd, uint32_t slot_bytes);
int st_checkpoint_read(int fd, uint32_t slot_bytes, uint32_t slot, st_checkpoint_label *out_label, uint8_t *bytes);
int st_checkpoint_clear(int fd, uint32_t slot_bytes);
typedef struct { uint32_t slot_bytes; uint32_t next; ...; } st_checkpoint;
int st_checkpoint_map(st_checkpoint *face, int fd, int keep_slot);
void st_checkpoint_unmap(st_checkpoint *face);
int st_checkpoint_put(st_checkpoint *face, const st_checkpoint_label *label, const uint8_t *bytes);
int st_checkpoint_get(const st_checkpoint *face, uint32_t slot, st_checkpoint_label *out_label, uint8_t *bytes);

typedef struct st_lane_hint {
    uint64_t instance; uint32_t call; uint32_t call_seq; int64_t began_ns; uint64_t blocks; uint64_t scrubbed_samples;
    uint64_t clipped_samples; uint64_t silence_frames; uint32_t xruns; uint32_t queued_frames;
    uint64_t failed_blocks; uint64_t timed_calls; uint64_t timed_ns;
} st_lane_hint;
#define ST_STATUS_LANES ...
#define ST_CRASH_FRAMES 48
typedef struct st_crash_hint {
    uint32_t stage; int32_t signal; int32_t si_code; int32_t sender; int32_t slot; uint32_t frames; uint64_t address;
    uint64_t stack; uint64_t frame[ST_CRASH_FRAMES];
} st_crash_hint;
#define ST_STATUS_BYTES ...
int st_status_format(int fd);
void *st_status_map(int fd);
void st_status_unmap(void *page);
uint64_t st_status_heartbeat(void *page);
int st_status_lane(void *page, uint32_t slot, st_lane_hint *out);
int st_status_crash(void *page, st_crash_hint *out);
"""

SOURCE = """
#include "checkpoint.h"
#include "host_face.h"
"""

ffibuilder = FFI()
ffibuilder.cdef(CDEF)
ffibuilder.set_source(
    "shm_audio._core",
    SOURCE,
    sources=[f"shm_audio/csrc/{name}.c" for name in ("byte_stream", "checkpoint", "host_face", "ring", "wake")],
    include_dirs=["shm_audio/csrc"],
    depends=[str(path) for path in sorted(Path("shm_audio/csrc").glob("*.h"))],
    define_macros=[("_GNU_SOURCE", None)],
    extra_compile_args=["-std=c11", "-O2", "-fvisibility=hidden", "-ftree-vectorize", "-Wall", "-Wextra", "-Werror"],
)
