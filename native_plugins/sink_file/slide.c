/*
 * slide.c: the move and its journal.
 *
 * The tail [from, from + length) goes to [0, length), upwards, in steps of at most `from` bytes; after each step the
 * journal is written with the new `moved`. Why a step may be done twice: step [m, m + n), n <= from, reads
 * [from + m, from + m + n) and writes [m, m + n). These do not overlap, and what it overwrites is the old book and
 * frames, or the source of bytes that were moved in earlier steps. So until `moved` says m + n, its source is whole.
 *
 * Two journals lie at the very end, aligned to 128, written in turn: should a write of one be cut short, the other
 * still holds the step before. The valid one with the greater `moved` counts.
 */
#include "slide.h"

#include <stellatune_sdk.h>

#define MAGIC "ST-SLIDE"
#define PAIR_BYTES (2 * sizeof(SlideJournal))
#define LARGEST_STEP_BYTES (4u << 20)

static uint64_t checksum(const SlideJournal *journal) {
    const uint8_t *bytes = (const uint8_t *)journal;
    uint64_t hash = 0xcbf29ce484222325ull; /* FNV-1a, 64 bits */
    for (size_t i = 0; i < offsetof(SlideJournal, checksum); i++) hash = (hash ^ bytes[i]) * 0x100000001b3ull;
    return hash;
}

static uint64_t journal_offset(const SlideJournal *journal) {
    return (journal->from + journal->length + PAIR_BYTES - 1) / PAIR_BYTES * PAIR_BYTES;
}

static int is_valid(const SlideJournal *journal, uint64_t size) {
    if (memcmp(journal->magic, MAGIC, sizeof journal->magic) != 0 || journal->checksum != checksum(journal)) return 0;
    return journal->from > 0 && journal->length < size && journal->moved <= journal->length &&
           journal_offset(journal) + PAIR_BYTES == size;
}

StStatus slide_find(const AddressedFile *file, uint64_t size, SlideJournal *out_journal, int *out_found) {
    SlideJournal pair[2];
    StStatus read;
    int first, second;
    *out_found = 0;
    if (size < PAIR_BYTES || size % PAIR_BYTES != 0) return st_ok();
    read = file_read(file, size - PAIR_BYTES, pair, sizeof pair);
    if (read.code != ST_OK) return read;
    first = is_valid(&pair[0], size);
    second = is_valid(&pair[1], size);
    *out_found = first || second;
    if (*out_found) *out_journal = second && (!first || pair[1].moved > pair[0].moved) ? pair[1] : pair[0];
    return st_ok();
}

StStatus slide_seal(const AddressedFile *file, SlideJournal *journal) {
    SlideJournal pair[2];
    memcpy(journal->magic, MAGIC, sizeof journal->magic);
    journal->moved = 0;
    journal->reserved0 = 0;
    journal->checksum = checksum(journal);
    pair[0] = pair[1] = *journal;
    return file_write(file, journal_offset(journal), pair, sizeof pair);
}

static StStatus copy(const AddressedFile *file, uint64_t to, uint64_t from, uint64_t count, uint8_t *buffer,
                     size_t buffer_bytes) {
    while (count > 0) {
        size_t now = count < buffer_bytes ? (size_t)count : buffer_bytes;
        StStatus done = file_read(file, from, buffer, now);
        if (done.code == ST_OK) done = file_write(file, to, buffer, now);
        if (done.code != ST_OK) return done;
        to += now;
        from += now;
        count -= now;
    }
    return st_ok();
}

/* Writes the journal into the slot that holds the older of the two. */
static StStatus record(const AddressedFile *file, SlideJournal *journal, unsigned slot) {
    journal->checksum = checksum(journal);
    return file_write(file, journal_offset(journal) + slot * sizeof *journal, journal, sizeof *journal);
}

/* The slot to write next: the one that slide_find would not choose. */
static StStatus older_slot(const AddressedFile *file, const SlideJournal *journal, unsigned *out_slot) {
    SlideJournal first;
    StStatus read = file_read(file, journal_offset(journal), &first, sizeof first);
    *out_slot = read.code == ST_OK && memcmp(&first, journal, sizeof first) == 0 ? 1 : 0;
    return read;
}

StStatus slide_run(const AddressedFile *file, SlideJournal *journal, CancelPoll cancelled, uint8_t *buffer,
                   size_t buffer_bytes) {
    uint64_t step = journal->from < LARGEST_STEP_BYTES ? journal->from : LARGEST_STEP_BYTES;
    unsigned slot;
    StStatus done = older_slot(file, journal, &slot);
    while (done.code == ST_OK && journal->moved < journal->length) {
        uint64_t left = journal->length - journal->moved, now = left < step ? left : step;
        if (cancelled()) return st_error(ST_ERROR_CANCELLED, "completing %s was cancelled", file->shown_path);
        done = copy(file, journal->moved, journal->from + journal->moved, now, buffer, buffer_bytes);
        if (done.code != ST_OK) break;
        journal->moved += now;
        done = record(file, journal, slot);
        slot ^= 1;
    }
    return done.code == ST_OK ? file_cut(file, journal->length) : done;
}
