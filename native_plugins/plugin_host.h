/*
 * plugin_host.h: the host's log and cancel callbacks for every C file of a decoder plugin.
 *
 * The SDK keeps the host table in the one file that exports the module (plugin.c). That file writes
 * DEFINE_PLUGIN_HOST once; the others call what is declared here.
 */
#ifndef STELLATUNE_PLUGIN_HOST_H
#define STELLATUNE_PLUGIN_HOST_H

#include <stellatune_sdk.h>

/* As st_log. */
ST_SDK_PRINTF(2, 3) void plugin_log(uint32_t level, const char *format, ...);

/* As st_cancelled. */
int plugin_cancelled(void);

#define DEFINE_PLUGIN_HOST                                     \
    void plugin_log(uint32_t level, const char *format, ...) { \
        char text[512];                                        \
        va_list args;                                          \
        va_start(args, format);                                \
        vsnprintf(text, sizeof text, format, args);            \
        va_end(args);                                          \
        st_log(level, "%s", text);                             \
    }                                                          \
    int plugin_cancelled(void) {                               \
        return st_cancelled();                                 \
    }

#endif
