/*
 * host_callbacks.h: the host table given to the plugin, in C, so that no callback ever waits for Python.
 */
#ifndef ST_WORKER_HOST_CALLBACKS_H
#define ST_WORKER_HOST_CALLBACKS_H

#include <stellatune/stellatune.h>

/*
 * The host table of this process. `root` is the plugin's folder.
 * thread: module lane, before the entry call
 * realtime: no
 * owned: the table is static; the text is copied
 * valid until: the process ends
 * errors: none
 */
const StHostVTable *st_host_table(const char *root, size_t root_len);

/*
 * Puts a descriptor where take_file finds it during the current lane's next call; st_files_end closes what was not taken.
 * thread: the lane's own
 * realtime: no
 * owned: the descriptor is the table's until taken or closed
 * valid until: st_files_end
 * errors: -1 when the table is full or the value too long; the descriptor is still the caller's
 */
int st_files_grant(const char *value, size_t len, int fd);
void st_files_end(void);

#endif
