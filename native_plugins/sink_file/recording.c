/*
 * recording.c: where in the file a frame lies, from its first opening through every reopening.
 */
#include "recording.h"

#include <stellatune_sdk.h>

StStatus recording_check_spec(StAudioSpec spec) {
    if (spec.sample_rate_hz == 0 || spec.sample_rate_hz > RECORDING_MAX_SAMPLE_RATE_HZ || spec.channels == 0 ||
        spec.channels > RECORDING_MAX_CHANNELS)
        return st_error(ST_ERROR_UNSUPPORTED, "a file takes 1 to %u Hz and 1 to %u channels, not %u Hz and %u",
                        RECORDING_MAX_SAMPLE_RATE_HZ, RECORDING_MAX_CHANNELS, (unsigned)spec.sample_rate_hz,
                        (unsigned)spec.channels);
    return st_ok();
}

uint32_t recording_frame_bytes(const Recording *r) { return format_bytes(r->format) * r->spec.channels; }

uint64_t recording_end(const Recording *r) {
    return r->container->data_offset + r->frames * recording_frame_bytes(r);
}

void recording_fill_book(const Recording *r, Book *book) {
    memset(book, 0, sizeof *book);
    memcpy(book->magic, r->container->magic, sizeof book->magic);
    book->format = r->format;
    book->sample_rate_hz = r->spec.sample_rate_hz;
    book->channels = r->spec.channels;
    book->base = r->base;
}

/* Reads base from the file's book after checking that it is about the same kind of frames. */
static StStatus read_book(Recording *r) {
    Book found, expected;
    StStatus read = file_read(&r->file, r->container->book_offset, &found, sizeof found);
    if (read.code != ST_OK) return read;
    recording_fill_book(r, &expected);
    expected.base = found.base;
    if (memcmp(&found, &expected, sizeof found) != 0)
        return st_error(ST_ERROR_INVALID_ARG, "cannot go on with %s: it was not begun with this format, rate and channels",
                        r->file.shown_path);
    r->base = found.base;
    return st_ok();
}

static StStatus outside(const Recording *r, uint64_t start_frame) {
    return st_error(ST_ERROR_INVALID_ARG, "cannot go on with %s at frame %llu: it holds %llu frames from %lld on",
                    r->file.shown_path, (unsigned long long)start_frame, (unsigned long long)r->frames,
                    (long long)r->base);
}

/* The header is in place: cut the frames at start_frame, or move the base there. */
static StStatus place(Recording *r, uint64_t size, uint64_t start_frame) {
    uint64_t held = (size - r->container->data_offset) / recording_frame_bytes(r);
    int64_t index = (int64_t)start_frame - r->base;
    r->frames = held;
    if (index < 0) return outside(r, start_frame);
    r->phase = RECORDING_OPEN;
    if ((uint64_t)index > held) return recording_go_on(r, start_frame);
    r->frames = (uint64_t)index;
    return file_cut(&r->file, recording_end(r));
}

StStatus recording_begin(Recording *r, AddressedFile file, const Container *container, SampleFormat format,
                         StAudioSpec spec, uint64_t start_frame) {
    uint64_t size;
    StStatus done;
    r->file = file;
    r->container = container;
    r->format = format;
    r->spec = spec;
    r->phase = RECORDING_FRESH;
    r->base = (int64_t)start_frame;
    r->frames = 0;
    done = file_check(&r->file);
    if (done.code == ST_OK) done = file_size(&r->file, &size);
    if (done.code != ST_OK) return done;
    if (container->find_sealed != NULL) {
        done = container->find_sealed(r, size, start_frame);
        if (done.code != ST_OK) return done;
        if (r->phase == RECORDING_SEALED)
            return (int64_t)start_frame - r->base == (int64_t)r->frames ? st_ok() : outside(r, start_frame);
    }
    if (size >= container->data_offset) {
        done = read_book(r);
        return done.code == ST_OK ? place(r, size, start_frame) : done;
    }
    r->phase = RECORDING_OPEN;
    return container->write_header(r);
}

/* The programme position of the frame at this offset. */
static uint64_t position_at(const Recording *r, uint64_t offset) {
    return (uint64_t)r->base + (offset - r->container->data_offset) / recording_frame_bytes(r);
}

static StStatus write_packed(Recording *r, uint64_t offset, const float *samples, size_t frames) {
    size_t channels = r->spec.channels, frame_bytes = recording_frame_bytes(r), most = sizeof r->pack / frame_bytes;
    if (r->format == FORMAT_F32) return file_write(&r->file, offset, samples, frames * frame_bytes);
    while (frames > 0) {
        size_t now = frames < most ? frames : most;
        StStatus written;
        if (r->dithered)
            format_pack_dithered(r->format, samples, now, r->spec.channels, position_at(r, offset), r->pack);
        else
            format_pack(r->format, samples, now * channels, r->pack);
        written = file_write(&r->file, offset, r->pack, now * frame_bytes);
        if (written.code != ST_OK) return written;
        offset += now * frame_bytes;
        samples += now * channels;
        frames -= now;
    }
    return st_ok();
}

/* The trim has moved on only when all frames are in the file. */
static StStatus write_trimmed(Recording *r, Trim *trim, const float *samples, uint32_t frames) {
    uint32_t channels = r->spec.channels, most = (uint32_t)(sizeof r->trimmed / sizeof *r->trimmed) / channels;
    uint64_t offset = recording_end(r);
    Trim moved = *trim;
    while (frames > 0) {
        uint32_t now = frames < most ? frames : most;
        StStatus written;
        trim_run(&moved, samples, r->trimmed, now, channels);
        written = write_packed(r, offset, r->trimmed, now);
        if (written.code != ST_OK) return written;
        offset += (uint64_t)now * recording_frame_bytes(r);
        samples += (size_t)now * channels;
        frames -= now;
    }
    *trim = moved;
    return st_ok();
}

StStatus recording_write(Recording *r, Trim *trim, const float *samples, uint32_t frames) {
    StStatus written;
    if (r->phase != RECORDING_OPEN)
        return st_error(ST_ERROR_INVALID_ARG, "%s is complete and takes no more frames", r->file.shown_path);
    written = trim_is_identity(trim) ? write_packed(r, recording_end(r), samples, frames)
                                     : write_trimmed(r, trim, samples, frames);
    if (written.code == ST_OK) r->frames += frames;
    return written;
}

StStatus recording_go_on(Recording *r, uint64_t next_frame) {
    int64_t base = (int64_t)next_frame - (int64_t)r->frames, before = r->base;
    StStatus written;
    if (base == before || r->phase != RECORDING_OPEN) return st_ok();
    r->base = base;
    written = r->container->write_header(r);
    if (written.code != ST_OK) r->base = before;
    return written;
}
