/*
 * segments.h: shared segments as the host makes them, in memory files.
 */
#ifndef ST_SANITIZE_SEGMENTS_H
#define ST_SANITIZE_SEGMENTS_H

#include <sys/mman.h>
#include <unistd.h>

#include "numbers.h"
#include "ring.h"

#define BLOCK_FRAMES 64u

static inline int segment_of(size_t bytes) {
    int fd = memfd_create("stellatune-sanitize", MFD_CLOEXEC);
    expect(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0, "there is memory for a segment");
    return fd;
}

/* A ring for so many blocks ahead of the reader, and so many kept behind it. */
static inline int ring_segment(uint32_t ahead_blocks, uint32_t history_blocks) {
    st_ring_format format = {.magic = ST_RING_MAGIC, .version = ST_RING_VERSION, .sample_rate_hz = 48000};
    int fd;
    format.channels = CHANNELS;
    format.block_frames = BLOCK_FRAMES;
    format.ahead_frames = ahead_blocks * BLOCK_FRAMES;
    format.history_frames = history_blocks * BLOCK_FRAMES;
    format.capacity_frames = 1;
    while (format.capacity_frames < (ahead_blocks + history_blocks + 2) * BLOCK_FRAMES) format.capacity_frames *= 2;
    fd = segment_of(st_ring_bytes(&format));
    expect(st_ring_format_segment(fd, &format) == ST_RING_OK, "a ring is formatted");
    return fd;
}

#endif
