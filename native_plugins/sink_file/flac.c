/*
 * flac.c: from raw frames to a FLAC file within one descriptor, repeatable after a death at any point.
 *
 * An encoder cannot be resumed by another process, so the file first is a *spool*: a book and raw frames, addressed
 * like those of a WAV file. `complete` encodes them once, from the first to the last:
 *
 *     1. [book][raw frames] .... [encoded]            encoded begins on a 4096 grid behind the frames
 *     2. [book][raw frames] .... [encoded] . [journal]
 *     3. [encoded ...           ][encoded] . [journal]    slide.c moves it to offset 0, step by step, then cuts
 *     4. [encoded]
 *
 * Up to 2 the spool is whole and everything behind it is worthless: do it all again. From 2 on the journal is valid
 * and says how far the move has come. At 4 the file starts with "fLaC" and has no journal: nothing is left to do.
 */
#include "flac.h"

#include <FLAC/format.h>
#include <stellatune_sdk.h>

#include "flac_encode.h"
#include "slide.h"

#define DATA_OFFSET 64u
#define ENCODED_GRID 4096u
#define STREAMINFO_OFFSET 8u /* behind "fLaC" and the header of the first metadata block */

static StStatus flac_check(SampleFormat format, StAudioSpec spec) {
    if (format == FORMAT_F32)
        return st_error(ST_ERROR_UNSUPPORTED,
                        "a .flac file cannot hold float samples: use --format s24 or a .wav file");
    if (!FLAC__format_sample_rate_is_valid(spec.sample_rate_hz)) /* releases of libFLAC differ in the highest rate */
        return st_error(ST_ERROR_UNSUPPORTED, "a .flac file takes up to %u Hz here, not %u Hz: use a .wav file",
                        (unsigned)FLAC__MAX_SAMPLE_RATE, (unsigned)spec.sample_rate_hz);
    return recording_check_spec(spec);
}

static StStatus flac_write_header(Recording *r) {
    uint8_t header[DATA_OFFSET] = {0};
    Book book;
    recording_fill_book(r, &book);
    memcpy(header, &book, sizeof book);
    return file_write(&r->file, 0, header, sizeof header);
}

/* Number of frames from STREAMINFO: the lowest 36 of the 64 bits that start with rate, channels and sample size. */
static uint64_t streaminfo_frames(const uint8_t *streaminfo) {
    uint64_t frames = streaminfo[13] & 0x0F;
    for (int i = 14; i < 18; i++) frames = frames << 8 | streaminfo[i];
    return frames;
}

/* Stage 4: a whole FLAC file. Its base is not in it; all its frames were accepted before it was made. */
static StStatus find_finished(Recording *r, uint64_t size, uint64_t start_frame) {
    uint8_t head[STREAMINFO_OFFSET + FLAC__STREAM_METADATA_STREAMINFO_LENGTH];
    StStatus read;
    if (size < sizeof head) return st_ok();
    read = file_read(&r->file, 0, head, sizeof head);
    if (read.code != ST_OK || memcmp(head, "fLaC", 4) != 0) return read;
    r->phase = RECORDING_SEALED;
    r->frames = streaminfo_frames(head + STREAMINFO_OFFSET);
    r->base = (int64_t)start_frame - (int64_t)r->frames;
    return st_ok();
}

static StStatus flac_find_sealed(Recording *r, uint64_t size, uint64_t start_frame) {
    SlideJournal journal;
    int found = 0;
    StStatus read = slide_find(&r->file, size, &journal, &found);
    if (read.code != ST_OK) return read;
    if (!found) return find_finished(r, size, start_frame);
    r->phase = RECORDING_SEALED;
    r->base = journal.base;
    r->frames = journal.frames;
    return st_ok();
}

/* Stages 1 and 2. */
static StStatus encode_and_seal(Recording *r, CancelPoll cancelled) {
    uint64_t spool_end = recording_end(r);
    SlideJournal journal = {.base = r->base, .frames = r->frames};
    StStatus done = file_cut(&r->file, spool_end);
    journal.from = (spool_end + ENCODED_GRID - 1) / ENCODED_GRID * ENCODED_GRID;
    if (done.code == ST_OK) done = flac_encode(r, journal.from, &journal.length, cancelled);
    if (done.code == ST_OK) done = slide_seal(&r->file, &journal);
    if (done.code == ST_OK) {
        r->phase = RECORDING_SEALED;
    } else { /* gives the space back; should that fail too, the first error is the one to tell */
        StStatus cut = file_cut(&r->file, spool_end);
        st_plugin_free((void *)cut.message.ptr, cut.message.len, 1);
    }
    return done;
}

static StStatus flac_complete(Recording *r, CancelPoll cancelled) {
    SlideJournal journal;
    uint64_t size;
    int found = 0;
    StStatus done = st_ok();
    if (r->phase != RECORDING_SEALED) done = encode_and_seal(r, cancelled);
    if (done.code == ST_OK) done = file_size(&r->file, &size);
    if (done.code == ST_OK) done = slide_find(&r->file, size, &journal, &found);
    if (done.code != ST_OK || !found) return done;
    return slide_run(&r->file, &journal, cancelled, r->pack, sizeof r->pack);
}

const Container flac_container = {
    .suffix = ".flac",
    .magic = "ST-SPOOL",
    .book_offset = 0,
    .data_offset = DATA_OFFSET,
    .check = flac_check,
    .find_sealed = flac_find_sealed,
    .write_header = flac_write_header,
    .complete = flac_complete,
};
