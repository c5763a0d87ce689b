/*
 * checkpoint.c: writing, copying and checking slots. The order of writes is at the top of checkpoint.h.
 */
#include "checkpoint.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

size_t st_checkpoint_slot_offset(uint32_t slot_bytes, uint32_t slot) {
    size_t bytes = sizeof(st_checkpoint_slot) + slot_bytes;
    size_t stride = (bytes + ST_CHECKPOINT_PAGE - 1) & ~(size_t)(ST_CHECKPOINT_PAGE - 1);
    return ST_CHECKPOINT_PAGE + slot * stride;
}

size_t st_checkpoint_segment_bytes(uint32_t slot_bytes) {
    if (slot_bytes == 0 || slot_bytes > ST_CHECKPOINT_MAX_BYTES) return 0;
    return st_checkpoint_slot_offset(slot_bytes, ST_CHECKPOINT_SLOTS);
}

int st_checkpoint_format_segment(int fd, uint32_t slot_bytes) {
    st_checkpoint_format format = {ST_CHECKPOINT_MAGIC, ST_CHECKPOINT_VERSION, slot_bytes};
    return pwrite(fd, &format, sizeof format, 0) == (ssize_t)sizeof format ? 0 : -1;
}

/* Each step maps different states to different states, so that one changed word is always noticed. */
static uint64_t mix(uint64_t sum, uint64_t word) {
    sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;
    return sum ^ (sum >> 29);
}

static uint64_t checksum(const st_checkpoint_label *label, const uint8_t *bytes) {
    uint64_t sum = mix(mix(mix(mix(1, label->position), label->epoch), label->config_gen), label->length);
    uint64_t word;
    size_t left = (size_t)label->length;
    for (; left >= sizeof word; left -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        sum = mix(sum, word);
    }
    word = 0;
    memcpy(&word, bytes, left);
    return mix(sum, word);
}

/* Whether a private copy is a state; the head is a copy, too. */
static int good(const st_checkpoint_slot *head, uint32_t valid, uint32_t slot_bytes, const uint8_t *bytes) {
    return valid == 1 && head->label.length <= slot_bytes && head->checksum == checksum(&head->label, bytes);
}

/* Reads all of it; 0 when the segment is shorter. */
static int read_all(int fd, void *out, size_t bytes, size_t offset) {
    char *to = out;
    while (bytes > 0) {
        ssize_t got = pread(fd, to, bytes, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return 0;
        to += got;
        offset += (size_t)got;
        bytes -= (size_t)got;
    }
    return 1;
}

int st_checkpoint_read(int fd, uint32_t slot_bytes, uint32_t slot, st_checkpoint_label *out_label, uint8_t *bytes) {
    size_t offset = st_checkpoint_slot_offset(slot_bytes, slot);
    st_checkpoint_slot head;
    if (!read_all(fd, &head, sizeof head, offset)) return 0;
    if (head.label.length > slot_bytes) return 0;
    if (!read_all(fd, bytes, (size_t)head.label.length, offset + sizeof head)) return 0;
    if (!good(&head, atomic_load_explicit(&head.valid, memory_order_relaxed), slot_bytes, bytes)) return 0;
    *out_label = head.label;
    return 1;
}

int st_checkpoint_clear(int fd, uint32_t slot_bytes) {
    static const uint32_t invalid = 0;
    for (uint32_t slot = 0; slot < ST_CHECKPOINT_SLOTS; slot++) {
        size_t offset = st_checkpoint_slot_offset(slot_bytes, slot) + offsetof(st_checkpoint_slot, valid);
        if (pwrite(fd, &invalid, sizeof invalid, (off_t)offset) != (ssize_t)sizeof invalid) return -1;
    }
    return 0;
}

static st_checkpoint_slot *at(const st_checkpoint *face, uint32_t slot) {
    return (st_checkpoint_slot *)(void *)((char *)face->map + st_checkpoint_slot_offset(face->slot_bytes, slot));
}

static uint32_t older(const st_checkpoint *face) {
    for (uint32_t slot = 0; slot < ST_CHECKPOINT_SLOTS; slot++)
        if (atomic_load_explicit(&at(face, slot)->valid, memory_order_acquire) != 1) return slot;
    return at(face, 0)->label.position <= at(face, 1)->label.position ? 0 : 1;
}

int st_checkpoint_map(st_checkpoint *face, int fd, int keep_slot) {
    st_checkpoint_format format;
    struct stat st;
    size_t bytes;
    void *map;
    memset(face, 0, sizeof *face);
    if (fstat(fd, &st) != 0) return -1;
    if (!read_all(fd, &format, sizeof format, 0)) return errno = EINVAL, -1;
    bytes = st_checkpoint_segment_bytes(format.slot_bytes);
    if (format.magic != ST_CHECKPOINT_MAGIC || format.version != ST_CHECKPOINT_VERSION || bytes == 0 || st.st_size < 0 ||
        (uint64_t)st.st_size != bytes || keep_slot >= (int)ST_CHECKPOINT_SLOTS)
        return errno = EINVAL, -1;
    map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) return -1;
    if (mprotect(map, ST_CHECKPOINT_PAGE, PROT_READ) != 0 || madvise(map, bytes, MADV_DONTFORK) != 0) {
        int error = errno;
        munmap(map, bytes);
        return errno = error, -1;
    }
    face->map = map;
    face->map_bytes = bytes;
    face->slot_bytes = format.slot_bytes;
    face->next = keep_slot >= 0 ? 1u - (uint32_t)keep_slot : older(face);
    return 0;
}

void st_checkpoint_unmap(st_checkpoint *face) {
    if (face->map) munmap(face->map, face->map_bytes);
    memset(face, 0, sizeof *face);
}

int st_checkpoint_put(st_checkpoint *face, const st_checkpoint_label *label, const uint8_t *bytes) {
    st_checkpoint_slot *slot = at(face, face->next);
    if (label->length > face->slot_bytes) return -1;
    atomic_store_explicit(&slot->valid, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* nothing of the new state before the word that says there is none */
    slot->label = *label;
    slot->checksum = checksum(label, bytes);
    memcpy(slot + 1, bytes, (size_t)label->length);
    atomic_store_explicit(&slot->valid, 1, memory_order_release);
    face->next = 1u - face->next;
    return 0;
}

int st_checkpoint_get(const st_checkpoint *face, uint32_t slot, st_checkpoint_label *out_label, uint8_t *bytes) {
    const st_checkpoint_slot *shared;
    st_checkpoint_slot head;
    uint32_t valid;
    if (slot >= ST_CHECKPOINT_SLOTS) return 0;
    shared = at(face, slot);
    valid = atomic_load_explicit(&shared->valid, memory_order_acquire);
    memset(&head, 0, sizeof head);
    head.label = shared->label;
    head.checksum = shared->checksum;
    if (head.label.length > face->slot_bytes) return 0;
    memcpy(bytes, shared + 1, (size_t)head.label.length);
    if (!good(&head, valid, face->slot_bytes, bytes)) return 0;
    *out_label = head.label;
    return 1;
}
