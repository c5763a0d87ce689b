/*
 * channels.c: descriptors, packets and lines that no honest worker sends.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stellatune_sdk.h>

#include "kinds.h"

#define HIGHEST_DESCRIPTOR 1024

void strike_close_fds(double arg, const Site *site) {
    (void)arg, (void)site;
    close_range(3, ~0u, 0);
}

/* The worker's channels are the sockets of this process that keep packets apart. */
static int is_channel(int fd) {
    int type = 0;
    socklen_t len = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

static void send_everywhere(const char *bytes, size_t len) {
    for (int fd = 0; fd < HIGHEST_DESCRIPTOR; fd++) {
        if (!is_channel(fd)) continue;
        while (send(fd, bytes, len, MSG_NOSIGNAL) < 0 && errno == EINTR) continue;
    }
}

/* `len` bytes that `byte_at` gives, as one packet on every channel. */
static void send_made(size_t len, char (*byte_at)(size_t index, size_t len)) {
    char *bytes = malloc(len ? len : 1);
    if (bytes == NULL) return;
    for (size_t i = 0; i < len; i++) bytes[i] = byte_at(i, len);
    send_everywhere(bytes, len);
    free(bytes);
}

static char garbage(size_t index, size_t len) { return (char)(index * 167u + len); }

/* msgpack: one array of 32-bit length that claims more than there is, then numbers. */
static char claim(size_t index, size_t len) {
    (void)len;
    return (char)(index == 0 ? 0xdd : index < 5 ? 0x7f : 0x01);
}

/* msgpack: arrays of one element, each inside the other. */
static char nested(size_t index, size_t len) { return (char)(index + 1 < len ? 0x91 : 0x00); }

void strike_garbage_packet(double arg, const Site *site) {
    (void)site;
    send_made((size_t)arg, garbage);
}

void strike_huge_packet(double arg, const Site *site) {
    (void)site;
    send_made((size_t)arg, claim);
}

void strike_deep_packet(double arg, const Site *site) {
    (void)site;
    send_made((size_t)arg, nested);
}

void strike_event_flood(double arg, const Site *site) {
    (void)site;
    if (st_host == NULL || st_host->emit_event_json_utf8 == NULL) return;
    for (uint32_t i = 0; i < (uint32_t)arg; i++) {
        char text[64];
        snprintf(text, sizeof text, "{\"topic\": \"fault.flood\", \"number\": %u}", i);
        st_host->emit_event_json_utf8(st_host->user_data, st_str(text));
    }
}

void strike_stderr_flood(double arg, const Site *site) {
    char line[128];
    (void)site;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (double left = arg * (1 << 20); left > 0; left -= sizeof line)
        if (write(2, line, sizeof line) < 0 && errno != EINTR) return;
}
