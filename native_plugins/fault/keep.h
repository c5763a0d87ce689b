/*
 * keep.h: what an output accepted, kept in a file that outlives it, and that its successors add to.
 *
 * The file holds records, native byte order: three int64 - position, frames, channels - and then the samples. Frames -1
 * without samples say that the output was opened at that position. Each record is appended by one write, and the file is
 * opened for each, as its owner may lose its descriptors. A kill can tear the last record; the next process cuts it off.
 */
#ifndef FAULT_KEEP_H
#define FAULT_KEEP_H

#include <stdint.h>

#define KEPT_OPENING (-1)

/* Adds one record; says whether that went. An empty path keeps nothing. */
int keep(const char *path, uint64_t position, int64_t frames, uint32_t channels, const float *samples);

#endif
