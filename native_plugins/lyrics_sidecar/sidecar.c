/*
 * sidecar.c: names, and bytes that are looked at before anybody else sees them.
 */
#define _GNU_SOURCE

#include "sidecar.h"

#include "encoding.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stellatune_tags.h>

StStatus sidecar_configure(StStr config, Sidecar *out) {
    StJson json = st_json(config), list, item;
    memset(out, 0, sizeof *out);
    if (st_json_member(json, "root", &item) && !st_json_string(item, out->root, sizeof out->root, NULL))
        return st_error(ST_ERROR_INVALID_ARG, "sidecar: root must be a path of less than %d bytes", SIDECAR_PATH_BYTES);
    if (out->root[0] && out->root[0] != '/')
        return st_error(ST_ERROR_INVALID_ARG, "sidecar: root must be absolute, not '%.200s'", out->root);
    if (!st_json_member(json, "extensions", &list))
        return st_error(ST_ERROR_INVALID_ARG, "sidecar: extensions are missing: {\"extensions\": [\"lrc\", \"txt\"]}");
    while (out->count < MOST_EXTENSIONS && st_json_item(list, out->count, &item)) {
        char *extension = out->extensions[out->count++];
        if (!st_json_string(item, extension, EXTENSION_BYTES, NULL) || extension[0] == '\0' || strpbrk(extension, "/."))
            return st_error(ST_ERROR_INVALID_ARG, "sidecar: an extension is a word without dot, such as \"lrc\"");
    }
    if (out->count == 0 || st_json_item(list, out->count, &item))
        return st_error(ST_ERROR_INVALID_ARG, "sidecar: choose 1 to %d extensions", MOST_EXTENSIONS);
    return st_ok();
}

int sidecar_is(const char *path, const char *extension) {
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot + 1, extension) == 0;
}

static int is_file(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

int sidecar_find(const Sidecar *sidecar, const char *track, uint32_t extension, char *out_path, size_t capacity) {
    const char *slash = strrchr(track, '/'), *name = slash ? slash + 1 : track, *dot = strrchr(name, '.');
    size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    size_t folder = slash ? (size_t)(slash - track) : 0;
    const char *ending = sidecar->extensions[extension];
    int len;
    if (stem == 0) return 0;
    if (sidecar->root[0]) len = snprintf(out_path, capacity, "%s/%.*s.%s", sidecar->root, (int)stem, name, ending);
    else len = snprintf(out_path, capacity, "%.*s/%.*s.%s", (int)folder, track, (int)stem, name, ending);
    return len > 0 && (size_t)len < capacity && is_file(out_path);
}

int sidecar_gave(const Sidecar *sidecar, const char *path) {
    size_t root = strlen(sidecar->root);
    if (path[0] != '/' || (root && (strncmp(path, sidecar->root, root) != 0 || path[root] != '/' || strchr(path + root + 1, '/'))))
        return 0;
    for (uint32_t i = 0; i < sidecar->count; i++)
        if (sidecar_is(path, sidecar->extensions[i])) return 1;
    return 0;
}

/* Up to one byte more than is allowed, so that more is noticed. */
static StStatus read_all(int fd, const char *path, char *text, size_t *out_len) {
    size_t len = 0;
    while (len <= SIDECAR_TEXT_BYTES) {
        ssize_t got = read(fd, text + len, SIDECAR_TEXT_BYTES + 1 - len);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return st_error(ST_ERROR_IO, "sidecar: %.300s: %s", path, strerror(errno));
        if (got == 0) break;
        len += (size_t)got;
        if (st_cancelled()) return (StStatus){.code = ST_ERROR_CANCELLED};
    }
    *out_len = len;
    return st_ok();
}

StStatus sidecar_read(const char *path, char **out_text, size_t *out_len) {
    size_t len = 0;
    StStatus status;
    char *text = NULL, *read;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold the call */
    if (fd < 0 || !is_file(path)) {
        status = st_error(ST_ERROR_IO, "sidecar: %.300s: %s", path, fd < 0 ? strerror(errno) : "no regular file");
        if (fd >= 0) close(fd);
        return status;
    }
    read = malloc(SIDECAR_TEXT_BYTES + 1);
    status = read ? read_all(fd, path, read, &len) : st_error(ST_ERROR_INTERNAL, "sidecar: no memory for the words");
    close(fd);
    if (status.code == ST_OK && len > SIDECAR_TEXT_BYTES)
        status = st_error(ST_ERROR_INVALID_ARG, "sidecar: %.300s is longer than 1 MiB", path);
    if (status.code == ST_OK && encoding_is_binary(read, len))
        status = st_error(ST_ERROR_INVALID_ARG, "sidecar: %.300s holds no text", path);
    if (status.code == ST_OK && (text = encoding_to_utf8(read, len, &len)) == NULL)
        status = st_error(ST_ERROR_INTERNAL, "sidecar: no memory for the words");
    free(read);
    if (status.code != ST_OK) return status;
    *out_text = text;
    *out_len = len;
    return st_ok();
}
