/*
 * page.h: one page of a folder's items, folders first, each in the order of their bytes.
 *
 * A page ends after page_items, or earlier where its text would become too long. The token `next` names the last item, so
 * that what changes in the folder between two pages shifts nothing.
 */
#ifndef SOURCE_FOLDER_PAGE_H
#define SOURCE_FOLDER_PAGE_H

#include "folder.h"

/* `after`: the token of the page before, empty for the first. The text is to be freed with st_plugin_free. */
StStatus page_write(const Folder *folder, const char *path, const char *after, StStr *out_json);

#endif
