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
    sources=[f"shm_audio/csrc/{name}.c" for name in ("checkpoint", "host_face", "ring", "wake")],
    include_dirs=["shm_audio/csrc"],
    depends=[str(path) for path in sorted(Path("shm_audio/csrc").glob("*.h"))],
    define_macros=[("_GNU_SOURCE", None)],
    extra_compile_args=["-std=c11", "-O2", "-fvisibility=hidden", "-ftree-vectorize", "-Wall", "-Wextra", "-Werror"],
)
