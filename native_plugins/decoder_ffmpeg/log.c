/*
 * log.c: libav's log callback. It calls from the thread that is in a decoder call.
 */
#include "log.h"

#include <libavutil/log.h>
#include <stellatune_sdk.h>

#define LINES_PER_PORTION 20
#define LINE_BYTES 300

static _Thread_local int lines_left = LINES_PER_PORTION;

static void on_line(void *object, int level, const char *format, va_list args) {
    char line[LINE_BYTES];
    int whole = 1;
    size_t len;
    if (level > AV_LOG_WARNING || lines_left <= 0) return;
    av_log_format_line2(object, level, format, args, line, sizeof line, &whole);
    len = strlen(line);
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) line[--len] = '\0';
    if (len == 0) return;
    st_log(level <= AV_LOG_ERROR ? ST_LOG_WARN : ST_LOG_DEBUG, "%s%s", line,
           --lines_left == 0 ? " (and no more of these)" : "");
}

void log_redirect(void) {
    av_log_set_callback(on_line);
}

void log_begin_portion(void) {
    lines_left = LINES_PER_PORTION;
}
