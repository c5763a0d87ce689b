/*
 * folder.h: what the source was configured with, and ways into the root that never lead out of it.
 *
 * Paths are relative to the root, parted by slashes. Every component is opened from the folder before it and is no
 * symbolic link, so that nothing outside can be reached whatever a path says and whoever changes links meanwhile.
 */
#ifndef SOURCE_FOLDER_H
#define SOURCE_FOLDER_H

#include <stellatune_sdk.h>

#define FOLDER_PATH_BYTES 4096
#define MOST_PAGE_ITEMS 1000

typedef struct Folder {
    char root[FOLDER_PATH_BYTES]; /* empty: not configured yet, and every question is refused */
    int hidden;          /* names that begin with a dot are listed too */
    uint32_t page_items;
} Folder;

/* Reads a configuration; refuses a root that is no folder now. */
StStatus folder_configure(StStr config, Folder *out);

/* Opens a folder below the root; the caller closes the descriptor. INVALID_ARG for a path that leads nowhere. */
StStatus folder_open(const Folder *folder, const char *path, int *out_fd);

/* Whether a path is that of a regular file below the root. */
StStatus folder_has_file(const Folder *folder, const char *path);

#endif
