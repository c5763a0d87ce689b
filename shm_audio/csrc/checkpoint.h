/*
 * checkpoint.h: two slots of exported state in a segment that outlives the worker that wrote them.
 *
 * Owned by the stage: the host makes the segment and keeps the descriptor, the stage's worker of the moment writes, its
 * successor goes on from what it finds. Write order: `valid` of the older slot is cleared, the slot filled, `valid` set with
 * release. So a writer that dies at any instruction leaves at least one whole slot once there were two. Whoever reads copies
 * a slot once to private memory and believes nothing but the copy, and that only when its checksum is right.
 */
#ifndef ST_SHM_CHECKPOINT_H
#define ST_SHM_CHECKPOINT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define ST_CHECKPOINT_MAGIC 0x53544c41434b5054ull /* "STLACKPT" */
#define ST_CHECKPOINT_VERSION 1u
#define ST_CHECKPOINT_PAGE 4096u
#define ST_CHECKPOINT_SLOTS 2u
#define ST_CHECKPOINT_MAX_BYTES (16u << 20)

/* First page; written by the host before anybody attaches. */
typedef struct st_checkpoint_format {
    uint64_t magic;
    uint32_t version;
    uint32_t slot_bytes; /* longest state that is kept */
} st_checkpoint_format;

/* What a state belongs to. */
typedef struct st_checkpoint_label {
    uint64_t position; /* the next frame that the state is for */
    uint64_t epoch;
    uint64_t config_gen;
    uint64_t length;   /* bytes of the state */
} st_checkpoint_label;

/* Begins on a page of its own; the state's bytes follow it. */
typedef struct st_checkpoint_slot {
    _Atomic uint32_t valid; /* 0 or 1 */
    uint32_t reserved0;
    st_checkpoint_label label;
    uint64_t checksum;      /* over label and bytes */
    uint64_t reserved1[2];
} st_checkpoint_slot;

typedef struct st_checkpoint {
    uint32_t slot_bytes; /* private copy; 0: not mapped */
    uint32_t next;       /* slot to be overwritten next */
    void *map;
    size_t map_bytes;
} st_checkpoint;

/*
 * Bytes of a segment with two slots for states of at most slot_bytes, 0 when that is out of range; where a slot begins.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: 0
 */
size_t st_checkpoint_segment_bytes(uint32_t slot_bytes);
size_t st_checkpoint_slot_offset(uint32_t slot_bytes, uint32_t slot);

/*
 * Host: writes the format page of a fresh segment.
 * thread: any
 * realtime: no
 * owned: the descriptor stays the caller's
 * valid until: return
 * errors: -1 with errno
 */
int st_checkpoint_format_segment(int fd, uint32_t slot_bytes);

/*
 * Host: copies one slot to `bytes`, which has room for slot_bytes, by reading the descriptor, so that a worker that cut the
 * segment short harms nobody; makes both slots invalid. A copy is good (1) when it is valid, fits and its checksum is right.
 * thread: any; clear only while no lane writes
 * realtime: no
 * owned: nothing
 * valid until: return
 * errors: 0 for a slot that is not good; -1 with errno for clear
 */
int st_checkpoint_read(int fd, uint32_t slot_bytes, uint32_t slot, st_checkpoint_label *out_label, uint8_t *bytes);
int st_checkpoint_clear(int fd, uint32_t slot_bytes);

/*
 * Worker: maps the segment for writing. The slot to be overwritten first is `other than` the given one; without (negative)
 * an invalid one, else the one with the lower position.
 * thread: the lane's own
 * realtime: no
 * owned: the descriptor stays the caller's and may be closed; the mapping is the face's until st_checkpoint_unmap
 * valid until: st_checkpoint_unmap
 * errors: -1 with errno; EINVAL for what is no checkpoint segment
 */
int st_checkpoint_map(st_checkpoint *face, int fd, int keep_slot);
void st_checkpoint_unmap(st_checkpoint *face);

/*
 * Worker: writes a state over the older slot. The label's length counts.
 * thread: the lane's own
 * realtime: yes
 * owned: the bytes stay the caller's, in private memory
 * valid until: return
 * errors: -1 for a state longer than a slot; nothing is touched then
 */
int st_checkpoint_put(st_checkpoint *face, const st_checkpoint_label *label, const uint8_t *bytes);

/*
 * Worker: copies one slot to `bytes`, which has room for slot_bytes, and checks the copy.
 * thread: the lane's own
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: 0 for a slot that is not good
 */
int st_checkpoint_get(const st_checkpoint *face, uint32_t slot, st_checkpoint_label *out_label, uint8_t *bytes);

_Static_assert(sizeof(st_checkpoint_format) == 16, "st_checkpoint_format");
_Static_assert(sizeof(st_checkpoint_slot) == 64, "st_checkpoint_slot");

#endif
