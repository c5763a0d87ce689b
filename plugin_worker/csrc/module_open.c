/*
 * module_open.c: dlopen, dlsym, entry.
 */
#include "module_open.h"

#include <dlfcn.h>
#include <stdio.h>

st_open_result st_module_open(const char *path, const StHostVTable *host, const StPluginModule **out_module, char *error,
                              size_t error_bytes) {
    union {
        void *symbol;
        StPluginEntry entry;
    } found;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *text = dlerror();
        snprintf(error, error_bytes, "%s", text ? text : "no reason given");
        return ST_OPEN_NO_LIBRARY;
    }
    found.symbol = dlsym(library, STELLATUNE_PLUGIN_ENTRY_SYMBOL);
    if (found.symbol == NULL) return ST_OPEN_NO_SYMBOL;
    *out_module = found.entry(host);
    return *out_module ? ST_OPEN_OK : ST_OPEN_NULL;
}
