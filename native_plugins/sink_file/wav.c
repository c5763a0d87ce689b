/*
 * wav.c: the header of a WAV file - always 160 bytes, so that frames never have to move.
 *
 *     0  RIFF or RF64, size, WAVE
 *    12  JUNK, which becomes ds64 when the sizes need 64 bits (EBU Tech 3306, section 3)
 *    48  JUNK with the book and as many zeros as it takes to end at 160
 *        fmt: plain PCM or float, or WAVE_FORMAT_EXTENSIBLE (Microsoft, "Multiple Channel Audio Data and WAVE Files")
 *        fact: number of frames, for float and extensible
 *   152  data, size
 */
#include "wav.h"

#include <stellatune_sdk.h>

#define BOOK_OFFSET 56u
#define DATA_OFFSET 160u

#define TAG_PCM 1u
#define TAG_FLOAT 3u
#define TAG_EXTENSIBLE 0xFFFEu

/* Speakers for 1 to 8 channels, as bits of dwChannelMask. */
static const uint32_t channel_masks[RECORDING_MAX_CHANNELS + 1] = {0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3F, 0x70F, 0x63F};

/* What follows the tag in a sub format GUID. */
static const uint8_t guid_rest[14] = {0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80,
                                      0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71};

static uint8_t *put(uint8_t *at, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> (8 * i));
    return at + bytes;
}

static uint8_t *put_chunk(uint8_t *at, const char *name, uint64_t size) {
    memcpy(at, name, 4);
    return put(at + 4, size > UINT32_MAX ? UINT32_MAX : size, 4);
}

static int is_extensible(const Recording *r) {
    if (r->spec.channels > 2) return 1;
    return r->format == FORMAT_S24;
}

static uint8_t *put_format(uint8_t *at, const Recording *r) {
    uint32_t tag = r->format == FORMAT_F32 ? TAG_FLOAT : TAG_PCM, frame_bytes = recording_frame_bytes(r);
    uint32_t bits = format_bytes(r->format) * 8, extensible = (uint32_t)is_extensible(r);
    at = put_chunk(at, "fmt ", extensible ? 40 : tag == TAG_FLOAT ? 18 : 16);
    at = put(at, extensible ? TAG_EXTENSIBLE : tag, 2);
    at = put(at, r->spec.channels, 2);
    at = put(at, r->spec.sample_rate_hz, 4);
    at = put(at, (uint64_t)r->spec.sample_rate_hz * frame_bytes, 4);
    at = put(at, frame_bytes, 2);
    at = put(at, bits, 2);
    if (extensible) {
        at = put(at, 22, 2);
        at = put(at, bits, 2);
        at = put(at, channel_masks[r->spec.channels], 4);
        at = put(at, tag, 2);
        memcpy(at, guid_rest, sizeof guid_rest);
        return at + sizeof guid_rest;
    }
    return tag == TAG_FLOAT ? put(at, 0, 2) : at;
}

/* fmt and, where it is due, fact; gives their length together. */
static size_t put_description(uint8_t *start, const Recording *r) {
    uint8_t *at = put_format(start, r);
    if (r->format == FORMAT_F32 || is_extensible(r)) {
        at = put_chunk(at, "fact", 4);
        at = put(at, r->frames > UINT32_MAX ? UINT32_MAX : r->frames, 4);
    }
    return (size_t)(at - start);
}

static StStatus wav_check(SampleFormat format, StAudioSpec spec) {
    (void)format;
    return recording_check_spec(spec);
}

static StStatus wav_write_header(Recording *r) {
    uint8_t header[DATA_OFFSET] = {0}, description[64], *at = header;
    uint64_t data_bytes = r->frames * recording_frame_bytes(r);
    uint64_t riff_bytes = DATA_OFFSET - 8 + data_bytes + data_bytes % 2;
    int wide = riff_bytes > UINT32_MAX;
    size_t description_bytes = put_description(description, r);
    Book book;
    at = put_chunk(at, wide ? "RF64" : "RIFF", riff_bytes);
    memcpy(at, "WAVE", 4);
    at = put_chunk(at + 4, wide ? "ds64" : "JUNK", 28);
    if (wide) {
        put(at, riff_bytes, 8);
        put(at + 8, data_bytes, 8);
        put(at + 16, r->frames, 8);
    }
    put_chunk(at + 28, "JUNK", DATA_OFFSET - 8 - description_bytes - BOOK_OFFSET);
    recording_fill_book(r, &book);
    memcpy(header + BOOK_OFFSET, &book, sizeof book);
    memcpy(header + DATA_OFFSET - 8 - description_bytes, description, description_bytes);
    put_chunk(header + DATA_OFFSET - 8, "data", wide ? UINT32_MAX : data_bytes);
    return file_write(&r->file, 0, header, sizeof header);
}

/* One pad byte after an odd number of bytes, nothing after that, then the sizes in one write. */
static StStatus wav_complete(Recording *r, CancelPoll cancelled) {
    uint64_t end = recording_end(r);
    StStatus done = file_cut(&r->file, end);
    (void)cancelled;
    if (done.code == ST_OK) done = file_cut(&r->file, end + end % 2);
    return done.code == ST_OK ? wav_write_header(r) : done;
}

const Container wav_container = {
    .suffix = ".wav",
    .magic = "ST-WAVE1",
    .book_offset = BOOK_OFFSET,
    .data_offset = DATA_OFFSET,
    .check = wav_check,
    .find_sealed = NULL,
    .write_header = wav_write_header,
    .complete = wav_complete,
};
