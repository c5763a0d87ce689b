/*
 * one_mapping.c: maps each shared segment once, whoever asks (-Wl,--wrap).
 *
 * The thread sanitizer knows memory by its address. Both sides of a ring live in this one process, so both have to see it
 * at the same address, else a race between them is none to the sanitizer. What one side may only read stays writable.
 */
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>

#define SEGMENTS 64

void *__real_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *address, size_t bytes);
int __real_mprotect(void *address, size_t bytes, int protection);
void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
int __wrap_munmap(void *address, size_t bytes);
int __wrap_mprotect(void *address, size_t bytes, int protection);

static struct {
    ino_t inode;
    char *map; /* null: free */
    size_t bytes;
} segments[SEGMENTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int is_of(int i, const void *address) {
    const char *at = address;
    return segments[i].map && at >= segments[i].map && at < segments[i].map + segments[i].bytes;
}

static int is_shared(const void *address) {
    int found = 0;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < SEGMENTS; i++) found |= is_of(i, address);
    pthread_mutex_unlock(&lock);
    return found;
}

void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset) {
    struct stat st;
    void *map = MAP_FAILED;
    int place = -1;
    if (fd < 0 || !(flags & MAP_SHARED) || fstat(fd, &st) != 0)
        return __real_mmap(address, bytes, protection, flags, fd, offset);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < SEGMENTS; i++) {
        if (segments[i].map && segments[i].inode == st.st_ino) map = segments[i].map;
        if (!segments[i].map) place = i;
    }
    if (map == MAP_FAILED && place >= 0) {
        map = __real_mmap(address, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);
        if (map != MAP_FAILED) {
            segments[place].inode = st.st_ino;
            segments[place].map = map;
            segments[place].bytes = bytes;
        }
    }
    pthread_mutex_unlock(&lock);
    return map;
}

/* Shared segments stay to the end: another side may be on them. */
int __wrap_munmap(void *address, size_t bytes) { return is_shared(address) ? 0 : __real_munmap(address, bytes); }

int __wrap_mprotect(void *address, size_t bytes, int protection) {
    return is_shared(address) ? 0 : __real_mprotect(address, bytes, protection);
}
