/*
 * folder.c: from a path to a descriptor, one component after the other.
 */
#define _GNU_SOURCE

#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static int is_folder(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

StStatus folder_configure(StStr config, Folder *out) {
    StJson json = st_json(config), value;
    double page_items = st_json_number_or(json, "page_items", 200);
    memset(out, 0, sizeof *out);
    if (!st_json_member(json, "root", &value) || !st_json_string(value, out->root, sizeof out->root, NULL))
        return st_error(ST_ERROR_INVALID_ARG, "folder: root must be a path of less than %d bytes", FOLDER_PATH_BYTES);
    if (out->root[0] && out->root[0] != '/') return st_error(ST_ERROR_INVALID_ARG, "folder: root must be absolute, not '%.200s'", out->root);
    if (out->root[0] && !is_folder(out->root)) return st_error(ST_ERROR_INVALID_ARG, "folder: %.300s is no folder", out->root);
    if (page_items < 1 || page_items > MOST_PAGE_ITEMS)
        return st_error(ST_ERROR_INVALID_ARG, "folder: page_items is %g, choose 1 to %d", page_items, MOST_PAGE_ITEMS);
    out->page_items = (uint32_t)page_items;
    if (st_json_member(json, "hidden", &value)) st_json_bool(value, &out->hidden);
    return st_ok();
}

static StStatus no_such(const char *path) {
    int32_t code = errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? ST_ERROR_INVALID_ARG : ST_ERROR_IO;
    return st_error(code, "folder: %.300s: %s", path, errno == ELOOP ? "links are not followed" : strerror(errno));
}

/* The next component, whose end replaces *at; empty at the end. */
static size_t next_component(const char **at) {
    *at += strspn(*at, "/");
    return strcspn(*at, "/");
}

/* Goes down to the last component, or to the one before it; `rest` is what is left then. */
static StStatus walk(const Folder *folder, const char *path, int to_parent, int *out_fd, const char **rest) {
    const char *at = path;
    size_t len;
    int fd;
    if (folder->root[0] == '\0')
        return st_error(ST_ERROR_UNSUPPORTED, "folder: no root is configured: {\"root\": \"/your/music\"}");
    if (path[0] == '/') return st_error(ST_ERROR_INVALID_ARG, "folder: %.300s: paths begin below the root", path);
    fd = open(folder->root, OPEN_FLAGS);
    if (fd < 0) return no_such(folder->root);
    while ((len = next_component(&at)) > 0) {
        char name[256];
        int below;
        const char *after = at + len;
        if (len >= sizeof name || (at[0] == '.' && (len == 1 || (len == 2 && at[1] == '.')))) {
            close(fd);
            return st_error(ST_ERROR_INVALID_ARG, "folder: %.300s leads nowhere", path);
        }
        if (to_parent && after[strspn(after, "/")] == '\0') break;
        memcpy(name, at, len);
        name[len] = '\0';
        below = openat(fd, name, OPEN_FLAGS | O_NOFOLLOW);
        close(fd);
        if (below < 0) return no_such(path);
        fd = below;
        at = after;
    }
    *rest = at;
    *out_fd = fd;
    return st_ok();
}

StStatus folder_open(const Folder *folder, const char *path, int *out_fd) {
    const char *rest;
    return walk(folder, path, 0, out_fd, &rest);
}

StStatus folder_has_file(const Folder *folder, const char *path) {
    const char *name;
    struct stat found;
    int fd, failed;
    StStatus status = walk(folder, path, 1, &fd, &name);
    if (status.code != ST_OK) return status;
    errno = ENOENT;
    failed = *name == '\0' || fstatat(fd, name, &found, AT_SYMLINK_NOFOLLOW) != 0;
    close(fd);
    if (failed) return no_such(path);
    if (S_ISREG(found.st_mode)) return st_ok();
    return st_error(ST_ERROR_INVALID_ARG, "folder: %.300s is no file of its own", path);
}
