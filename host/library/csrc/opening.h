/*
 * opening.h: many media files opened and closed in one go, so that Python lets go of its interpreter once and not for each.
 */
#ifndef ST_LIBRARY_OPENING_H
#define ST_LIBRARY_OPENING_H

#include <stdint.h>

/*
 * Opens `count` files. `names` holds their paths one behind the other, each ended by a NUL. `out_fds[n]` is a descriptor
 * of the nth, or -1: it cannot be opened, is no regular file, or holds nothing; to say which is left to who opens it alone.
 * `flags` are those of open(2); O_NONBLOCK is among them, so that it never waits for what is no file.
 * thread: any
 * realtime: no, a file system may wait
 * owned: the descriptors are the caller's
 * valid until: they are closed
 * errors: -1 in their places
 */
void st_library_open_all(const char *names, uint32_t count, int flags, int32_t *out_fds);

/*
 * Closes the descriptors that are not -1.
 * thread: any
 * realtime: no
 * owned: takes the descriptors
 * valid until: return
 * errors: none
 */
void st_library_close_all(const int32_t *fds, uint32_t count);

#endif
