/*
 * module_open.h: from a path to a module table.
 */
#ifndef ST_WORKER_MODULE_OPEN_H
#define ST_WORKER_MODULE_OPEN_H

#include <stellatune/stellatune.h>

typedef enum st_open_result {
    ST_OPEN_OK = 0,
    ST_OPEN_NO_LIBRARY = 1, /* dlopen refused; `error` holds its text */
    ST_OPEN_NO_SYMBOL = 2,
    ST_OPEN_NULL = 3 /* the entry function returned null */
} st_open_result;

/*
 * Loads a library for good and calls its entry symbol.
 * thread: module lane
 * realtime: no
 * owned: the library stays loaded; the module table is the plugin's
 * valid until: the process ends
 * errors: NO_LIBRARY, NO_SYMBOL, NULL
 */
st_open_result st_module_open(const char *path, const StHostVTable *host, const StPluginModule **out_module, char *error,
                              size_t error_bytes);

#endif
