/*
 * file_io.h: the IO vtable over a descriptor that the host passed.
 */
#ifndef ST_WORKER_FILE_IO_H
#define ST_WORKER_FILE_IO_H

#include <stellatune/io.h>

/* Reads with pread at its own offset, so that the descriptor's shared offset never matters. */
typedef struct st_file_io {
    int fd;
    uint64_t position;
} st_file_io;

/*
 * The vtable whose io_handle is an st_file_io.
 * thread: any
 * realtime: yes
 * owned: static
 * valid until: the process ends
 * errors: none
 */
const StIoVTable *st_file_io_table(void);

#endif
