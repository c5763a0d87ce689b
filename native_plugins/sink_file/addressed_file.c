/*
 * addressed_file.c: pread, pwrite and ftruncate until all is done, their errors as texts.
 */
#define _POSIX_C_SOURCE 200809L

#include "addressed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stellatune_sdk.h>

static StStatus failed(const AddressedFile *file, const char *verb, int error) {
    char reason[128];
    if (strerror_r(error, reason, sizeof reason) != 0) snprintf(reason, sizeof reason, "error %d", error);
    return st_error(ST_ERROR_IO, "cannot %s %s: %s", verb, file->shown_path, reason);
}

StStatus file_check(const AddressedFile *file) {
    int flags = fcntl(file->fd, F_GETFL);
    struct stat about;
    if (flags < 0 || fstat(file->fd, &about) != 0) return failed(file, "use", errno);
    if ((flags & O_ACCMODE) != O_RDWR || (flags & O_APPEND) || !S_ISREG(about.st_mode))
        return st_error(ST_ERROR_IO, "cannot use %s: it must be a regular file, open for reading and writing",
                        file->shown_path);
    return st_ok();
}

StStatus file_write(const AddressedFile *file, uint64_t offset, const void *bytes, size_t count) {
    const char *at = bytes;
    while (count > 0) {
        ssize_t n = pwrite(file->fd, at, count, (off_t)offset);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return failed(file, "write", n < 0 ? errno : ENOSPC);
        at += n;
        offset += (uint64_t)n;
        count -= (size_t)n;
    }
    return st_ok();
}

StStatus file_read(const AddressedFile *file, uint64_t offset, void *out_bytes, size_t count) {
    char *at = out_bytes;
    while (count > 0) {
        ssize_t n = pread(file->fd, at, count, (off_t)offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed(file, "read back", errno);
        if (n == 0) return st_error(ST_ERROR_IO, "cannot read back %s: it is shorter than it was", file->shown_path);
        at += n;
        offset += (uint64_t)n;
        count -= (size_t)n;
    }
    return st_ok();
}

StStatus file_size(const AddressedFile *file, uint64_t *out_size) {
    struct stat about;
    if (fstat(file->fd, &about) != 0) return failed(file, "measure", errno);
    *out_size = (uint64_t)about.st_size;
    return st_ok();
}

StStatus file_cut(const AddressedFile *file, uint64_t size) {
    int result;
    do {
        result = ftruncate(file->fd, (off_t)size);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? st_ok() : failed(file, "cut", errno);
}
