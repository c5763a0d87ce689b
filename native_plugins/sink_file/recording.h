/*
 * recording.h: frames addressed by programme position in one file, whatever its container.
 *
 * The file's frame 0 has programme position `base`; base stands in the file, so that a new instance finds it there.
 * All frames that were accepted are in the file. A start behind the end moves the base: a file has no holes.
 */
#ifndef SINK_FILE_RECORDING_H
#define SINK_FILE_RECORDING_H

#include "addressed_file.h"
#include "sample_format.h"
#include "trim.h"

#define RECORDING_MAX_SAMPLE_RATE_HZ 768000u
#define RECORDING_MAX_CHANNELS 8u

typedef enum RecordingPhase {
    RECORDING_FRESH,  /* nothing of worth in the file */
    RECORDING_OPEN,   /* header and frames; takes more */
    RECORDING_SEALED, /* the final form exists, at least behind the frames; takes no more */
} RecordingPhase;

typedef struct Recording Recording;
typedef int (*CancelPoll)(void); /* 1: give up */

typedef struct Container {
    const char *suffix;
    const char *magic; /* 8 characters of the book */
    uint32_t book_offset;
    uint32_t data_offset;

    /* Refuses formats and specs that the container cannot hold. */
    StStatus (*check)(SampleFormat format, StAudioSpec spec);

    /* Finds a final form in a file of `size` bytes and then sets phase, base and frames; else leaves all as it is. */
    StStatus (*find_sealed)(Recording *recording, uint64_t size, uint64_t start_frame);

    /* Writes everything before data_offset, with one write, for the present base and frames. */
    StStatus (*write_header)(Recording *recording);

    /* Brings the file to its final form; repeatable after success, failure and death at any point. */
    StStatus (*complete)(Recording *recording, CancelPoll cancelled);
} Container;

struct Recording {
    AddressedFile file;
    const Container *container;
    SampleFormat format;
    int dithered; /* whether what is rounded gets noise; may change between two writes */
    StAudioSpec spec;
    RecordingPhase phase;
    int64_t base;
    uint64_t frames;
    float trimmed[32768]; /* 4096 frames of 8 channels */
    uint8_t pack[98304];  /* the same with 24 bits */
};

/* What lies at book_offset of every file that takes frames. */
typedef struct Book {
    char magic[8];
    uint32_t format;
    uint32_t sample_rate_hz;
    uint32_t channels;
    uint32_t reserved0;
    int64_t base;
} Book;

ST_STATIC_ASSERT(sizeof(Book) == 32, "Book has no padding");

/* Refuses rates and channel counts that no file of ours takes. */
StStatus recording_check_spec(StAudioSpec spec);

uint32_t recording_frame_bytes(const Recording *recording);

/* Where the byte after the last frame lies. */
uint64_t recording_end(const Recording *recording);

void recording_fill_book(const Recording *recording, Book *book);

/* Goes on in `file` at `start_frame`, or begins there when the file is fresh. Frames behind it are thrown away. */
StStatus recording_begin(Recording *recording, AddressedFile file, const Container *container, SampleFormat format,
                         StAudioSpec spec, uint64_t start_frame);

/* Puts all `frames` into the file, as loud as `trim` has it, or reports and counts none of them. */
StStatus recording_write(Recording *recording, Trim *trim, const float *samples, uint32_t frames);

/* Makes `next_frame` the programme position of the next frame, without a hole. */
StStatus recording_go_on(Recording *recording, uint64_t next_frame);

#endif
