/*
 * plugin.h: loads plugin libraries into one process, the way a host without isolation would.
 */
#ifndef STELLATUNE_BENCH_PLUGIN_H
#define STELLATUNE_BENCH_PLUGIN_H

#include <stellatune/stellatune.h>

#include "bench.h"
#include "module_open.h"

static inline StStr bench_str(const char *text) { return (StStr){.ptr = text, .len = strlen(text)}; }

static inline void bench_ok(StStatus status, const char *what) {
    if (status.code == ST_OK) return;
    fprintf(stderr, "%s: code %d: %.*s\n", what, status.code, (int)status.message.len,
            status.message.ptr ? status.message.ptr : "");
    exit(1);
}

static inline const StPluginModule *bench_load(const char *path, const StHostVTable *host) {
    const StPluginModule *module = NULL;
    char error[1024] = "no module";
    if (st_module_open(path, host, &module, error, sizeof error) != ST_OPEN_OK) {
        fprintf(stderr, "%s: %s\n", path, error);
        exit(1);
    }
    return module;
}

static inline StDspInstanceRef bench_dsp(const char *path, const StHostVTable *host, const char *type, const char *config,
                                         uint32_t rate_hz, uint16_t channels) {
    StDspInstanceRef made;
    memset(&made, 0, sizeof made);
    bench_ok(bench_load(path, host)->create_dsp_instance(bench_str(type), rate_hz, channels, bench_str(config), &made), type);
    return made;
}

#endif
