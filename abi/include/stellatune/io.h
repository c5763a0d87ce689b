/*
 * io.h: how a decoder reads its input.
 *
 * A decoder never opens a path: it reads through these four functions, which the runtime serves from a descriptor that
 * the host opened, or from a source stream. Offsets are bytes.
 */
#ifndef STELLATUNE_IO_H
#define STELLATUNE_IO_H

#include "common.h"

ST_BEGIN_DECLS

typedef enum StSeekWhence { ST_SEEK_START = 0, ST_SEEK_CURRENT = 1, ST_SEEK_END = 2 } StSeekWhence;

typedef struct StIoVTable {
    /*
     * Reads up to len bytes at the current position and moves it. Zero bytes with ST_OK means end of input.
     * thread: [lane & inside a decoder call]
     * realtime: no
     * owned: out is the caller's
     * valid until: return
     * errors: IO, CANCELLED
     */
    StStatus (*read)(void *io_handle, uint8_t *out, size_t len, size_t *out_read);

    /*
     * Moves the position; null where the input cannot seek.
     * thread: [lane & inside a decoder call]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: INVALID_ARG (before the start), IO, CANCELLED
     */
    StStatus (*seek)(void *io_handle, int64_t offset, uint32_t whence, uint64_t *out_position);

    /*
     * Tells the current position; may be null.
     * thread: [lane & inside a decoder call]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: IO
     */
    StStatus (*tell)(void *io_handle, uint64_t *out_position);

    /*
     * Tells the length of the input; null where it is unknown.
     * thread: [lane & inside a decoder call]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: IO, UNSUPPORTED (length unknown)
     */
    StStatus (*size)(void *io_handle, uint64_t *out_size);
} StIoVTable;

ST_STATIC_ASSERT(sizeof(StIoVTable) == 32, "StIoVTable");

ST_END_DECLS

#endif
