/*
 * wav_header.c: RIFF/WAVE, RF64 and BW64 chunks (Microsoft RIFF; EBU Tech 3306; ITU-R BS.2088).
 *
 * No size in a file is believed: each is compared with what the file holds before anything is read by it.
 */
#include "headers.h"

#define FORMAT_PCM 1u
#define FORMAT_FLOAT 3u
#define FORMAT_EXTENSIBLE 0xFFFEu
#define MAX_TEXT_BYTES 4096u

typedef struct WavHeader {
    ByteInput *input;
    PcmLayout *layout;
    int has_format, has_data;
    int is_64;
    uint64_t riff_bytes;
    uint64_t data_bytes_64;
} WavHeader;

int wav_header_matches(const uint8_t *magic) {
    return (memcmp(magic, "RIFF", 4) == 0 || memcmp(magic, "RF64", 4) == 0 || memcmp(magic, "BW64", 4) == 0) &&
           memcmp(magic + 8, "WAVE", 4) == 0;
}

static StStatus cut_off(void) {
    return st_error(ST_ERROR_DECODE, "file ends inside its WAV header (truncated? get the file again)");
}

/* Reads exactly `len` bytes of a chunk of `size` bytes. */
static StStatus read_chunk(WavHeader *header, uint64_t size, uint8_t *out, size_t len, const char *name) {
    size_t got = 0;
    StStatus status;
    if (size < len)
        return st_error(ST_ERROR_DECODE, "the WAV chunk '%s' holds %llu bytes where %zu are needed", name,
                        (unsigned long long)size, len);
    status = byte_input_read(header->input, out, len, &got);
    if (status.code != ST_OK) return status;
    return got == len ? st_ok() : cut_off();
}

static StStatus read_ds64(WavHeader *header, uint64_t size) {
    uint8_t body[24];
    StStatus status = read_chunk(header, size, body, sizeof body, "ds64");
    if (status.code != ST_OK) return status;
    header->riff_bytes = le64(body);
    header->data_bytes_64 = le64(body + 8);
    return st_ok();
}

static StStatus read_format(WavHeader *header, uint64_t size) {
    static const uint8_t guid_tail[14] = {0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71};
    PcmLayout *layout = header->layout;
    uint8_t body[40];
    uint32_t tag, align;
    StStatus status = read_chunk(header, size, body, size < sizeof body ? 16 : sizeof body, "fmt ");
    if (status.code != ST_OK) return status;
    tag = le16(body);
    layout->channels = le16(body + 2);
    layout->rate_hz = le32(body + 4);
    align = le16(body + 12);
    layout->bits = le16(body + 14);
    if (layout->channels == 0) return pcm_layout_check(layout);
    layout->container_bytes = align ? align / layout->channels : (layout->bits + 7) / 8;
    if (align % layout->channels || layout->bits > layout->container_bytes * 8)
        return st_error(ST_ERROR_DECODE,
                        "the WAV header contradicts itself: %u channels of %u bit in frames of %u bytes",
                        layout->channels, layout->bits, align);
    if (tag == FORMAT_EXTENSIBLE && size >= sizeof body) {
        uint32_t valid_bits = le16(body + 18);
        tag = memcmp(body + 26, guid_tail, sizeof guid_tail) == 0 ? le16(body + 24) : FORMAT_EXTENSIBLE;
        if (valid_bits && valid_bits < layout->bits) layout->bits = valid_bits;
    }
    if (tag != FORMAT_PCM && tag != FORMAT_FLOAT)
        return st_error(ST_ERROR_UNSUPPORTED, "WAV format 0x%04x is not plain samples; the sndfile decoder may know it",
                        tag);
    layout->coding = tag == FORMAT_FLOAT ? PCM_FLOAT : layout->container_bytes == 1 ? PCM_UNSIGNED : PCM_SIGNED;
    if (layout->coding == PCM_FLOAT) layout->bits = layout->container_bytes * 8;
    header->has_format = 1;
    return pcm_layout_check(layout);
}

/* An INFO list: texts in chunks of their own. */
static StStatus read_info(WavHeader *header, uint64_t end) {
    static const struct {
        const char *id;
        TagName tag;
    } kinds[] = {
        {"INAM", TAG_TITLE}, {"IART", TAG_ARTIST}, {"IPRD", TAG_ALBUM}, {"ITRK", TAG_TRACK},
        {"IPRT", TAG_TRACK}, {"ICRD", TAG_DATE},   {"IGNR", TAG_GENRE}, {"IMUS", TAG_COMPOSER},
    };
    ByteInput *input = header->input;
    for (unsigned chunks = 0; input->position + 8 <= end && chunks < MAX_CHUNKS; chunks++) {
        uint8_t head[8], text[MAX_TEXT_BYTES];
        size_t got = 0;
        uint64_t size, next;
        StStatus status = byte_input_read(input, head, sizeof head, &got);
        if (status.code != ST_OK || got < sizeof head) return status;
        size = le32(head + 4);
        next = input->position + size + (size & 1);
        if (size > end - input->position) return st_ok();
        status = byte_input_read(input, text, size < sizeof text ? (size_t)size : sizeof text, &got);
        if (status.code != ST_OK) return status;
        for (uint32_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            if (memcmp(head, kinds[i].id, 4) == 0)
                tags_add_legacy(&header->layout->texts, kinds[i].tag, i, (const char *)text, got);
        if (next >= end) break;
        status = byte_input_go(input, next);
        if (status.code != ST_OK) return status;
    }
    return st_ok();
}

/* Where the samples are, and how many bytes of them; a size that is a placeholder means: up to the end. */
static StStatus place_data(WavHeader *header, uint64_t size) {
    ByteInput *input = header->input;
    uint64_t at = input->position, there = BYTES_UNKNOWN;
    int whole;
    if (!header->has_format) return st_error(ST_ERROR_DECODE, "the WAV file has its data before its format");
    if (input->size != BYTES_UNKNOWN) there = input->size > at ? input->size - at : 0;
    if (header->is_64 && size == 0xFFFFFFFFu) size = header->data_bytes_64;
    /* An empty data chunk is meant as such where the file ends as its RIFF size says. */
    whole = input->size != BYTES_UNKNOWN && header->riff_bytes == input->size - 8;
    header->layout->data_offset = at;
    header->layout->data_bytes = pcm_is_placeholder(size, there) && !(size == 0 && whole) ? BYTES_UNKNOWN : size;
    header->has_data = 1;
    return st_ok();
}

/* One chunk; `size` is what its header says. */
static StStatus read_body(WavHeader *header, const uint8_t *id, uint64_t size) {
    if (memcmp(id, "ds64", 4) == 0 && header->is_64 && !header->has_data) return read_ds64(header, size);
    if (memcmp(id, "fmt ", 4) == 0 && !header->has_format) return read_format(header, size);
    if (memcmp(id, "data", 4) == 0 && !header->has_data) return place_data(header, size);
    if (memcmp(id, "id3 ", 4) == 0 || memcmp(id, "ID3 ", 4) == 0)
        pcm_layout_note_id3(header->layout, header->input->position, size);
    if (memcmp(id, "LIST", 4) == 0 && size > 12) {
        uint64_t end = header->input->position + size;
        uint8_t type[4];
        StStatus status = read_chunk(header, size, type, sizeof type, "LIST");
        if (status.code != ST_OK || memcmp(type, "INFO", 4) != 0) return status;
        return read_info(header, end);
    }
    return st_ok();
}

StStatus wav_header_read(ByteInput *input, const uint8_t *magic, PcmLayout *layout) {
    WavHeader header = {.input = input, .layout = layout, .is_64 = magic[0] != 'R' || magic[1] != 'I'};
    header.riff_bytes = le32(magic + 4);
    for (unsigned chunks = 0; chunks < MAX_CHUNKS; chunks++) {
        uint8_t head[8];
        size_t got = 0;
        uint64_t size, body;
        int had_data = header.has_data;
        StStatus status = byte_input_read(input, head, sizeof head, &got);
        if (status.code == ST_OK && got < sizeof head) break;
        size = le32(head + 4);
        body = input->position;
        if (status.code == ST_OK) status = read_body(&header, head, size);
        if (status.code != ST_OK && header.has_data && status.code != ST_ERROR_CANCELLED) {
            st_plugin_free((void *)status.message.ptr, status.message.len, 1);
            break;
        }
        if (status.code != ST_OK) return status;
        if (!had_data && header.has_data) size = layout->data_bytes;
        if (header.has_data && !byte_input_seeks(input)) break;
        if (input->size != BYTES_UNKNOWN && (body > input->size || size > input->size - body)) break;
        if (size > INT64_MAX - 1 - body) break;
        status = byte_input_go(input, body + size + (size & 1));
        if (status.code != ST_OK) return status;
    }
    if (header.has_data) return st_ok();
    return header.has_format ? st_error(ST_ERROR_DECODE, "the WAV file has no data chunk (truncated? get it again)")
                             : cut_off();
}
