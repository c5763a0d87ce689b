/*
 * opening.c: open and fstat, file by file.
 */
#include "opening.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_regular(const char *name, int flags) {
    struct stat facts;
    int fd = open(name, flags);
    if (fd < 0) return -1;
    if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0) return fd;
    close(fd);
    return -1;
}

void st_library_open_all(const char *names, uint32_t count, int flags, int32_t *out_fds) {
    for (uint32_t i = 0; i < count; i++) {
        out_fds[i] = open_regular(names, flags);
        names += strlen(names) + 1;
    }
}

void st_library_close_all(const int32_t *fds, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (fds[i] >= 0) close(fds[i]);
}
