/*
 * shared_memory.c: finds what this process shares with its host in /proc/self, and damages it.
 */
#define _GNU_SOURCE

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kinds.h"

#define PAGE 4096u
#define RING_MAGIC 0x53544c4152494e47ull /* first word of a ring's format page */

typedef struct Mapping {
    uintptr_t start, end;
    unsigned long long offset;
    char may[8];
    char name[128];
} Mapping;

/* Segments carry the host's name, as memory files or as POSIX shared memory. */
static int is_ours(const char *name) { return strstr(name, "/stellatune-") || strstr(name, ":stellatune-"); }

static int next_mapping(FILE *maps, Mapping *out) {
    char line[512];
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end;
        out->name[0] = '\0';
        if (sscanf(line, "%lx-%lx %7s %llx %*s %*s %127s", &start, &end, out->may, &out->offset, out->name) < 4) continue;
        out->start = start;
        out->end = end;
        if (is_ours(out->name)) return 1;
    }
    return 0;
}

/* The page of positions follows the format page, which says that this is a ring. */
void strike_corrupt_ring(double arg, const Site *site) {
    Mapping before = {0}, at;
    FILE *maps = fopen("/proc/self/maps", "re");
    (void)arg, (void)site;
    while (maps && next_mapping(maps, &at)) {
        uint64_t magic = 0;
        if (at.offset == PAGE && at.may[1] == 'w' && before.end == at.start && before.may[0] == 'r')
            memcpy(&magic, (const void *)before.start, sizeof magic);
        if (magic == RING_MAGIC) {
            volatile uint64_t *words = (volatile uint64_t *)at.start;
            for (size_t i = 0; i < PAGE / sizeof *words; i++) words[i] = ~(uint64_t)0 - i * 0x0101010101010101u;
        }
        before = at;
    }
    if (maps) fclose(maps);
}

/* Cuts the file behind a link of /proc to nothing; says whether that went. */
static int cut(const char *link) {
    int fd = open(link, O_RDWR | O_CLOEXEC), done;
    if (fd < 0) return 0;
    done = ftruncate(fd, 0) == 0;
    close(fd);
    return done;
}

/* By descriptor, then by mapping, where the system lets a process open its own. */
void strike_truncate_segment(double arg, const Site *site) {
    char link[64], target[256];
    int found = 0, gone = 0;
    Mapping at;
    struct dirent *entry;
    DIR *folder = opendir("/proc/self/fd");
    FILE *maps = fopen("/proc/self/maps", "re");
    (void)arg, (void)site;
    while (folder && (entry = readdir(folder)) != NULL) {
        ssize_t len;
        snprintf(link, sizeof link, "/proc/self/fd/%.20s", entry->d_name);
        len = readlink(link, target, sizeof target - 1);
        if (len <= 0) continue;
        target[len] = '\0';
        if (!is_ours(target)) continue;
        found++;
        gone += ftruncate(atoi(entry->d_name), 0) == 0;
    }
    while (maps && next_mapping(maps, &at)) {
        snprintf(link, sizeof link, "/proc/self/map_files/%lx-%lx", (unsigned long)at.start, (unsigned long)at.end);
        found++;
        gone += cut(link);
    }
    if (folder) closedir(folder);
    if (maps) fclose(maps);
    dprintf(2, "fault: %d of %d shared segments could be truncated\n", gone, found);
}
