/*
 * page.c: reads a folder, sorts it, writes what is on the page.
 */
#define _GNU_SOURCE

#include "page.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stellatune_tags.h>

#define MOST_ENTRIES 1000000u
#define PAGE_BYTES (512u << 10)
#define FOLDER_KEY 'd'
#define FILE_KEY 'f'

/* Keys are a letter that says what it is, then the name: their order is that of the items, and they are the tokens. */
typedef struct Keys {
    char **at;
    size_t count, room;
    uint32_t unnameable; /* names that are not UTF-8 */
} Keys;

static void forget(Keys *keys) {
    for (size_t i = 0; i < keys->count; i++) free(keys->at[i]);
    free(keys->at);
}

static int is_utf8(const char *name) {
    const unsigned char *p = (const unsigned char *)name, *end = p + strlen(name);
    while (p < end) {
        size_t n = tags_utf8_length(p, (size_t)(end - p));
        if (n == 0) return 0;
        p += n;
    }
    return 1;
}

/* The letter of an entry; 0 for what is neither a folder nor a regular file, links among them. */
static char key_of(int folder, const struct dirent *entry) {
    struct stat found;
    if (entry->d_type == DT_DIR) return FOLDER_KEY;
    if (entry->d_type == DT_REG) return FILE_KEY;
    if (entry->d_type != DT_UNKNOWN || fstatat(folder, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    return S_ISDIR(found.st_mode) ? FOLDER_KEY : S_ISREG(found.st_mode) ? FILE_KEY : 0;
}

static int add(Keys *keys, char letter, const char *name) {
    size_t len = strlen(name);
    char *key;
    if (keys->count == keys->room) {
        size_t room = keys->room ? keys->room * 2 : 64;
        char **grown = realloc(keys->at, room * sizeof *grown);
        if (grown == NULL) return 0;
        keys->at = grown;
        keys->room = room;
    }
    key = malloc(len + 2);
    if (key == NULL) return 0;
    key[0] = letter;
    memcpy(key + 1, name, len + 1);
    keys->at[keys->count++] = key;
    return 1;
}

static StStatus read_folder(const Folder *folder, DIR *dir, const char *after, Keys *keys) {
    const struct dirent *entry;
    while (errno = 0, (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        char letter;
        if (st_cancelled()) return (StStatus){.code = ST_ERROR_CANCELLED};
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (name[0] == '.' && !folder->hidden)) continue;
        letter = key_of(dirfd(dir), entry);
        if (letter == 0) continue;
        if (after[0] && (letter < after[0] || (letter == after[0] && strcmp(name, after + 1) <= 0))) continue;
        if (!is_utf8(name)) {
            keys->unnameable++;
            continue;
        }
        if (keys->count == MOST_ENTRIES) return st_error(ST_ERROR_IO, "folder: more than %u entries", MOST_ENTRIES);
        if (!add(keys, letter, name)) return st_error(ST_ERROR_INTERNAL, "folder: no memory for the list");
    }
    return errno ? st_error(ST_ERROR_IO, "folder: %s", strerror(errno)) : st_ok();
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void put_text(TagsJson *json, const char *text) { tags_put(json, text, strlen(text)); }

static void put_item(TagsJson *json, const char *path, const char *key) {
    put_text(json, "{\"id\":\"");
    for (const char *at = path; *at;) {
        size_t len = strcspn(at, "/");
        tags_put_escaped(json, at, len);
        if (len) put_text(json, "/");
        at += len + strspn(at + len, "/");
    }
    tags_put_escaped(json, key + 1, strlen(key + 1));
    put_text(json, "\",\"title\":\"");
    tags_put_escaped(json, key + 1, strlen(key + 1));
    put_text(json, key[0] == FOLDER_KEY ? "\",\"kind\":\"folder\"}" : "\",\"kind\":\"track\"}");
}

static StStatus write_page(const Folder *folder, const char *path, const Keys *keys, StStr *out_json) {
    TagsJson json = tags_begin();
    size_t written = 0;
    tags_open(&json, "items");
    put_text(&json, "[");
    while (written < keys->count && written < folder->page_items && json.len < PAGE_BYTES) {
        if (written) put_text(&json, ",");
        put_item(&json, path, keys->at[written++]);
    }
    put_text(&json, "]");
    if (written < keys->count) tags_text(&json, "next", keys->at[written - 1], strlen(keys->at[written - 1]));
    return tags_finish(&json, out_json);
}

StStatus page_write(const Folder *folder, const char *path, const char *after, StStr *out_json) {
    Keys keys = {0};
    StStatus status;
    DIR *dir;
    int fd;
    status = folder_open(folder, path, &fd);
    if (status.code != ST_OK) return status;
    dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return st_error(ST_ERROR_IO, "folder: %.300s: %s", path, strerror(errno));
    }
    status = read_folder(folder, dir, after, &keys);
    closedir(dir);
    if (status.code == ST_OK && keys.count > 0) qsort(keys.at, keys.count, sizeof *keys.at, by_bytes);
    if (keys.unnameable)
        st_log(ST_LOG_WARN, "folder: %u names in %.300s are not UTF-8 and left out", keys.unnameable, path[0] ? path : "the root");
    if (status.code == ST_OK) status = write_page(folder, path, &keys, out_json);
    forget(&keys);
    return status;
}
