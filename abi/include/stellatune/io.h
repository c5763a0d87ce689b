/*
 * io.h: how a decoder reads its input, and how a source gives what it streams. Offsets are bytes.
 *
 * A decoder never opens a path: it reads through these four functions, which the runtime serves from a descriptor that
 * the host opened, or from the stream of a source in another process.
 *
 * A source that serves a stream fills such a table itself (source_catalog.h), and its runtime is the only caller: it reads
 * straight on, seeks with ST_SEEK_START alone, and asks for the size once. A read waits for bytes as long as it takes, but
 * gives what it has as soon as it has any; it looks at call_cancelled while it waits, and then gives up with CANCELLED, with
 * nothing taken: the same read may come again. An error says that nothing is to be had at this offset, after all that the
 * source itself could do about it: what comes next is a seek, if anything.
 */
#ifndef STELLATUNE_IO_H
#define STELLATUNE_IO_H

#include "common.h"

ST_BEGIN_DECLS

typedef enum StSeekWhence { ST_SEEK_START = 0, ST_SEEK_CURRENT = 1, ST_SEEK_END = 2 } StSeekWhence;

typedef struct StIoVTable {
    /*
     * Reads up to len bytes at the current position and moves it. Zero bytes with ST_OK means end of input.
     * thread: [lane & inside a decoder call]; a source's: [lane & stream open]
     * realtime: no
     * owned: out is the caller's
     * valid until: return
     * errors: IO, CANCELLED
     */
    StStatus (*read)(void *io_handle, uint8_t *out, size_t len, size_t *out_read);

    /*
     * Moves the position; null where the input cannot seek.
     * thread: [lane & inside a decoder call]; a source's: [lane & stream open]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: INVALID_ARG (before the start), IO, CANCELLED
     */
    StStatus (*seek)(void *io_handle, int64_t offset, uint32_t whence, uint64_t *out_position);

    /*
     * Tells the current position; may be null. A source is not asked.
     * thread: [lane & inside a decoder call]
     * realtime: no
     * owned: nothing
     * valid until: return
     * errors: IO
     */
    StStatus (*tell)(void *io_handle, uint64_t *out_position);

    /*
     * Tells the length of the input; null where it is unknown.
     * thread: [lane & inside a decoder call]; a source's: [lane & stream open]
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
