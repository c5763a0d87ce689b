/*
 * scratch.c: an anonymous mapping between two guard pages; the samples are aligned to its end.
 */
#include "scratch.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)

int st_scratch_make(st_scratch *scratch, size_t count) {
    size_t bytes = count * sizeof(float), body = (bytes + PAGE - 1) & ~(PAGE - 1);
    char *map;
    memset(scratch, 0, sizeof *scratch);
    if (count == 0 || count > SIZE_MAX / 8) return errno = EINVAL, -1;
    map = mmap(NULL, body + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) return -1;
    if (mprotect(map + PAGE, body, PROT_READ | PROT_WRITE) != 0) {
        int error = errno;
        munmap(map, body + 2 * PAGE);
        return errno = error, -1;
    }
    scratch->map = map;
    scratch->map_bytes = body + 2 * PAGE;
    scratch->samples = (float *)(void *)(map + PAGE + body - bytes);
    scratch->count = count;
    return 0;
}

void st_scratch_free(st_scratch *scratch) {
    if (scratch->map) munmap(scratch->map, scratch->map_bytes);
    memset(scratch, 0, sizeof *scratch);
}
