/*
 * lyrics_provider.h: capability "lyrics" - finds and fetches the words of a track.
 */
#ifndef STELLATUNE_LYRICS_PROVIDER_H
#define STELLATUNE_LYRICS_PROVIDER_H

#include "common.h"
#include "config_update.h"

ST_BEGIN_DECLS

typedef struct StLyricsProviderInstanceVTable {
    /*
     * Searches by path, title, artist, album, duration_ms (a JSON object) and answers with a JSON list of candidates,
     * objects, best first. Any member may be missing; path is the absolute path of the local file that plays. With
     * "many": true the user wants to choose among all there are. A candidate is given back to fetch as it is; where it
     * says title, artist, album, duration_ms and timed (bool), the host judges by these how well it fits, and shows them.
     * One without title was found by the file and fits; the times of its words count from the begin of that file.
     * thread: [lane & created]
     * realtime: no
     * owned: the text is the plugin's until freed with plugin_free
     * valid until: freed; the query text until return
     * errors: INVALID_ARG, IO, CANCELLED
     */
    StStatus (*search_json_utf8)(void *handle, StStr query_json_utf8, StStr *out_json_utf8);

    /*
     * Fetches one candidate as a JSON object with "lrc" or "text"; an empty text: it is an instrumental.
     * thread: [lane & created]
     * realtime: no
     * owned: the text is the plugin's until freed with plugin_free
     * valid until: freed; the track text until return
     * errors: INVALID_ARG, IO, CANCELLED
     */
    StStatus (*fetch_json_utf8)(void *handle, StStr track_json_utf8, StStr *out_json_utf8);

    StInstanceVTable instance;
} StLyricsProviderInstanceVTable;

typedef struct StLyricsProviderInstanceRef {
    void *handle;
    const StLyricsProviderInstanceVTable *vtable;
    uint32_t reserved0;
    uint32_t reserved1;
    uint64_t reserved2;
} StLyricsProviderInstanceRef;

ST_STATIC_ASSERT(sizeof(StLyricsProviderInstanceVTable) == 2 * 8 + 64, "StLyricsProviderInstanceVTable");
ST_STATIC_ASSERT(sizeof(StLyricsProviderInstanceRef) == 32, "StLyricsProviderInstanceRef");

ST_END_DECLS

#endif
