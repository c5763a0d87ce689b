/*
 * source_catalog.h: capability "source" - lists what can be played and opens it as a stream of bytes.
 *
 * A source whose plugin.toml has schemes = ["http"] beside the type is asked for every URL that begins so: the URL stands
 * where an id does. While a stream is open its instance may emit {"type": "stream.title", "title": "Artist - Title",
 * "offset": N} whenever what it carries changes: a radio's next song, from byte N on of what it has given. The host adds
 * which stream it is.
 */
#ifndef STELLATUNE_SOURCE_CATALOG_H
#define STELLATUNE_SOURCE_CATALOG_H

#include "common.h"
#include "config_update.h"
#include "io.h"

ST_BEGIN_DECLS

typedef struct StSourceCatalogInstanceVTable {
    /*
     * Answers a listing or search request with a JSON page of at most 1 MiB: {"items": [{"id", "title", "kind"}], "next"}.
     * A kind is "folder" or "track"; items may hold more, and come back whole to open_stream. "next", when it is a text, is
     * asked for as "after" to get the page behind this one. A request holds "path", the id of the folder that is asked
     * for, or nothing for the root; or "search", a text. A path that is no folder is refused with INVALID_ARG, and then
     * tried as a track; a source that cannot search says UNSUPPORTED. What else a request holds is the source's own.
     * thread: [lane & created]
     * realtime: no
     * owned: the text is the plugin's until freed with plugin_free
     * valid until: freed; the request text until return
     * errors: INVALID_ARG, UNSUPPORTED, IO, CANCELLED
     */
    StStatus (*list_items_json_utf8)(void *handle, StStr request_json_utf8, StStr *out_json_utf8);

    /*
     * Opens a track: an item as it was listed, or an object with nothing but its "id". *out_meta_json_utf8 is an object;
     * with a member "path" the host reads that local file itself and the io outputs stay null, otherwise they serve the
     * bytes until close_stream, and no other stream of this instance is open meanwhile. Then it may say, all optional:
     * "extension" (lowercase, without dot) or else "mime", by which a decoder is chosen first; "title", what to call it;
     * "live": true where it has no end, as a radio; "version": another one where the bytes are others. A successor of an
     * instance that died opens the same track again, and goes on somewhere in it.
     * thread: [lane & created]
     * realtime: no
     * owned: the stream is the plugin's; the text is the plugin's until freed with plugin_free
     * valid until: close_stream for the stream; freed for the text
     * errors: INVALID_ARG, IO, CANCELLED
     */
    StStatus (*open_stream)(void *handle, StStr track_json_utf8, const StIoVTable **out_io_vtable, void **out_io_handle,
                            StStr *out_meta_json_utf8);

    /*
     * Closes a stream; its io is not used again.
     * thread: [lane & created]
     * realtime: no
     * owned: the stream is gone afterwards
     * valid until: return
     * errors: none
     */
    void (*close_stream)(void *handle, void *io_handle);

    StInstanceVTable instance;
} StSourceCatalogInstanceVTable;

typedef struct StSourceCatalogInstanceRef {
    void *handle;
    const StSourceCatalogInstanceVTable *vtable;
    uint32_t reserved0;
    uint32_t reserved1;
    uint64_t reserved2;
} StSourceCatalogInstanceRef;

ST_STATIC_ASSERT(sizeof(StSourceCatalogInstanceVTable) == 3 * 8 + 64, "StSourceCatalogInstanceVTable");
ST_STATIC_ASSERT(sizeof(StSourceCatalogInstanceRef) == 32, "StSourceCatalogInstanceRef");

ST_END_DECLS

#endif
