/*
 * stream_io.h: the IO vtable over a byte stream that a source's worker fills.
 */
#ifndef ST_WORKER_STREAM_IO_H
#define ST_WORKER_STREAM_IO_H

#include <stellatune/io.h>

#include "byte_stream.h"

/* What kept a read from giving bytes, beside the stream's end. */
typedef enum st_stream_trouble {
    ST_TROUBLE_NONE = 0,
    ST_TROUBLE_CUT = 1,       /* the lane was called out while it waited */
    ST_TROUBLE_LATE = 2,      /* nothing came for as long as it waits */
    ST_TROUBLE_SOURCE = 3,    /* the source failed at this offset */
    ST_TROUBLE_IMPOSSIBLE = 4 /* the words of the source's worker are impossible */
} st_stream_trouble;

/* Unmapped: there is no stream. */
typedef struct st_stream_io {
    st_stream stream; /* the reader's face */
    int64_t wait_ns;  /* for the next byte, at most */
    uint32_t trouble; /* st_stream_trouble of the last read that had any; cleared by who looks */
} st_stream_io;

/*
 * The vtable whose io_handle is that st_stream_io: seek is null where the stream cannot. A read gives all that it was asked
 * for up to the stream's end; of a stream of unknown length, as live ones are, what is there. It waits in slices, and no
 * longer when its lane is called out; it is over at once when its call is cancelled. What it had read is then read again by
 * the next.
 * thread: the lane's own
 * realtime: yes (it is the wait itself)
 * owned: static
 * valid until: the process ends
 * errors: none
 */
const StIoVTable *st_stream_io_table(const st_stream_io *io);

#endif
