/*
 * inbox.c: a ring of lengths and a ring of bytes, both of fixed size. Nothing is allocated, however much comes.
 */
#include "inbox.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define NOTE_BYTES 64

static struct {
    char text[ST_INBOX_BYTES];
    uint32_t length[ST_INBOX_EVENTS];
    uint32_t oldest; /* index of its length */
    uint32_t count;
    uint32_t from; /* where its text begins */
    uint32_t bytes;
    uint64_t lost; /* since the plugin was told last */
} inbox;

/* Only ever held for a copy of one event, and never on our audio path. */
static pthread_mutex_t inbox_lock = PTHREAD_MUTEX_INITIALIZER;

static void forget_oldest(void) {
    uint32_t len = inbox.length[inbox.oldest];
    inbox.oldest = (inbox.oldest + 1) % ST_INBOX_EVENTS;
    inbox.count--;
    inbox.from = (inbox.from + len) % ST_INBOX_BYTES;
    inbox.bytes -= len;
}

static void append(const char *text, uint32_t len) {
    uint32_t at = (inbox.from + inbox.bytes) % ST_INBOX_BYTES;
    uint32_t first = len < ST_INBOX_BYTES - at ? len : ST_INBOX_BYTES - at;
    memcpy(inbox.text + at, text, first);
    memcpy(inbox.text, text + first, len - first);
    inbox.length[(inbox.oldest + inbox.count) % ST_INBOX_EVENTS] = len;
    inbox.count++;
    inbox.bytes += len;
}

uint32_t st_inbox_put(const char *text, size_t len) {
    uint32_t lost = 0;
    if (len == 0) return 0;
    pthread_mutex_lock(&inbox_lock);
    if (len > ST_INBOX_EVENT_BYTES) {
        lost = 1;
    } else {
        for (; inbox.count == ST_INBOX_EVENTS || inbox.bytes + len > ST_INBOX_BYTES; lost++) forget_oldest();
        append(text, (uint32_t)len);
    }
    inbox.lost += lost;
    pthread_mutex_unlock(&inbox_lock);
    return lost;
}

static size_t take_note(char *out, size_t room) {
    char note[NOTE_BYTES];
    size_t len = (size_t)snprintf(note, sizeof note, "{\"type\":\"events.dropped\",\"count\":%" PRIu64 "}", inbox.lost);
    if (len <= room) {
        memcpy(out, note, len);
        inbox.lost = 0;
    }
    return len;
}

static size_t take_oldest(char *out, size_t room) {
    uint32_t len = inbox.length[inbox.oldest];
    uint32_t first = len < ST_INBOX_BYTES - inbox.from ? len : ST_INBOX_BYTES - inbox.from;
    if (len <= room) {
        memcpy(out, inbox.text + inbox.from, first);
        memcpy(out + first, inbox.text, len - first);
        forget_oldest();
    }
    return len;
}

size_t st_inbox_take(char *out, size_t room) {
    size_t len = 0;
    pthread_mutex_lock(&inbox_lock);
    if (inbox.lost) {
        len = take_note(out, room);
    } else if (inbox.count) {
        len = take_oldest(out, room);
    }
    pthread_mutex_unlock(&inbox_lock);
    return len;
}
