/*
 * settings.h: what the source was configured with.
 *
 * A stream reads the settings of its instance at every step, so that what is taken in place holds for it, too. What a
 * connection was made with, and cannot be changed on it, needs another instance.
 */
#ifndef SOURCE_HTTP_SETTINGS_H
#define SOURCE_HTTP_SETTINGS_H

#include <stellatune_http.h>

#define MOST_BOOKMARKS 200

typedef struct Settings {
    char user_agent[201];
    int verify_tls;
    uint32_t connect_timeout_ms;
    uint32_t stall_timeout_ms; /* without bytes for so long, or with next to none, a connection is broken */
    uint32_t give_up_ms;       /* how long one read may go without a byte, whatever is tried */
    uint32_t reconnects;       /* attempts in a row that bring nothing */
    uint32_t page_items;
    StStr text; /* the configuration itself, for its bookmarks; on the heap */
} Settings;

/* Reads a configuration into `out`, to be given back with settings_forget; nothing is kept on failure. */
StStatus settings_read(StStr config, Settings *out);
void settings_forget(Settings *settings);

/* Whether the change needs other connections. */
int settings_need_anew(const Settings *now, const Settings *wanted);

/* Bookmark `index`: an address, and a title that is empty where there is none. 0 behind the last. */
int settings_bookmark(const Settings *settings, size_t index, char url[ST_HTTP_URL_BYTES], char title[ST_HTTP_URL_BYTES]);

#endif
