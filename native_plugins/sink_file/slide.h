/*
 * slide.h: moves the tail of a file to its start so that any number of deaths on the way do no harm.
 */
#ifndef SINK_FILE_SLIDE_H
#define SINK_FILE_SLIDE_H

#include "recording.h"

typedef struct SlideJournal {
    char magic[8];
    uint64_t from;   /* where the tail was written; at least one grid step, which bounds a step of the move */
    uint64_t length; /* of the tail */
    uint64_t moved;  /* bytes of it that stand at the start already */
    int64_t base;    /* of the recording, whose book the move destroys */
    uint64_t frames;
    uint64_t reserved0;
    uint64_t checksum;
} SlideJournal;

ST_STATIC_ASSERT(sizeof(SlideJournal) == 64, "a journal never crosses a page");

/* Looks for a valid journal at the end of a file of `size` bytes. */
StStatus slide_find(const AddressedFile *file, uint64_t size, SlideJournal *out_journal, int *out_found);

/* Writes the journal behind the tail: from here on only the tail counts. from, length, base and frames are given. */
StStatus slide_seal(const AddressedFile *file, SlideJournal *journal);

/* Moves what is not yet moved and cuts the file to the tail's length. */
StStatus slide_run(const AddressedFile *file, SlideJournal *journal, CancelPoll cancelled, uint8_t *buffer,
                   size_t buffer_bytes);

#endif
