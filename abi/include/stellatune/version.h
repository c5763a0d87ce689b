/*
 * version.h: the number both sides compare first.
 *
 * It rises with every change of layout or meaning in these headers. A module with another number is refused as
 * incompatible; it is never called.
 */
#ifndef STELLATUNE_VERSION_H
#define STELLATUNE_VERSION_H

#include "common.h"

ST_BEGIN_DECLS

#define STELLATUNE_API_VERSION 6

/* Name of the one symbol that a plugin library exports; its type is StPluginEntry in module.h. */
#define STELLATUNE_PLUGIN_ENTRY_SYMBOL "stellatune_plugin_entry"

typedef struct StVersion {
    uint16_t major;
    uint16_t minor;
    uint16_t patch;
    uint16_t reserved0;
} StVersion;

ST_STATIC_ASSERT(sizeof(StVersion) == 8, "StVersion");

ST_END_DECLS

#endif
