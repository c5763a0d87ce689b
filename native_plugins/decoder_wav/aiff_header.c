/*
 * aiff_header.c: AIFF and AIFF-C chunks (Apple, "Audio Interchange File Format", 1989 and 1991). All big-endian.
 */
#include <math.h>

#include "headers.h"

#define MAX_TEXT_BYTES 4096u

typedef struct AiffHeader {
    ByteInput *input;
    PcmLayout *layout;
    int is_aifc;
    int has_common, has_sound;
    uint64_t frames; /* as COMM says */
} AiffHeader;

int aiff_header_matches(const uint8_t *magic) {
    return memcmp(magic, "FORM", 4) == 0 && (memcmp(magic + 8, "AIFF", 4) == 0 || memcmp(magic + 8, "AIFC", 4) == 0);
}

static StStatus cut_off(void) {
    return st_error(ST_ERROR_DECODE, "file ends inside its AIFF header (truncated? get the file again)");
}

/* An 80-bit extended float as a whole number of Hz; 0 for what is no rate. */
static uint32_t extended_hz(const uint8_t *p) {
    uint32_t exponent = be16(p);
    uint64_t mantissa = be64(p + 2);
    double hz;
    if (exponent < 16383 || exponent > 16383 + 31) return 0;
    hz = ldexp((double)mantissa, (int)exponent - 16383 - 63) + 0.5;
    return hz < 4294967295.0 ? (uint32_t)hz : UINT32_MAX;
}

/* What an AIFF-C compression type means for the samples. */
static StStatus apply_compression(PcmLayout *layout, const uint8_t *type) {
    static const struct {
        char id[5];
        PcmCoding coding;
        int big_endian;
        uint32_t bits; /* 0: as COMM says */
    } kinds[] = {
        {"NONE", PCM_SIGNED, 1, 0},   {"twos", PCM_SIGNED, 1, 0},  {"sowt", PCM_SIGNED, 0, 0},
        {"raw ", PCM_UNSIGNED, 1, 8}, {"in16", PCM_SIGNED, 1, 16}, {"in24", PCM_SIGNED, 1, 24},
        {"in32", PCM_SIGNED, 1, 32},  {"42ni", PCM_SIGNED, 0, 24}, {"23ni", PCM_SIGNED, 0, 32},
        {"fl32", PCM_FLOAT, 1, 32},   {"FL32", PCM_FLOAT, 1, 32},  {"fl64", PCM_FLOAT, 1, 64},
        {"FL64", PCM_FLOAT, 1, 64},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (memcmp(type, kinds[i].id, 4) != 0) continue;
        layout->coding = kinds[i].coding;
        layout->big_endian = kinds[i].big_endian;
        if (kinds[i].bits) layout->bits = kinds[i].bits;
        return st_ok();
    }
    return st_error(ST_ERROR_UNSUPPORTED,
                    "AIFF-C compression 0x%08x is not plain samples; the sndfile decoder may know it", be32(type));
}

static StStatus read_common(AiffHeader *header, uint64_t size) {
    PcmLayout *layout = header->layout;
    uint8_t body[22];
    size_t len = header->is_aifc ? 22 : 18, got = 0;
    StStatus status;
    if (size < len)
        return st_error(ST_ERROR_DECODE, "the AIFF chunk 'COMM' holds %llu bytes where %zu are needed",
                        (unsigned long long)size, len);
    status = byte_input_read(header->input, body, len, &got);
    if (status.code != ST_OK) return status;
    if (got < len) return cut_off();
    layout->channels = be16(body);
    header->frames = be32(body + 2);
    layout->bits = be16(body + 6);
    layout->rate_hz = extended_hz(body + 8);
    status = apply_compression(layout, header->is_aifc ? body + 18 : (const uint8_t *)"NONE");
    if (status.code != ST_OK) return status;
    layout->container_bytes = (layout->bits + 7) / 8;
    header->has_common = 1;
    return pcm_layout_check(layout);
}

static StStatus place_sound(AiffHeader *header, uint64_t size) {
    ByteInput *input = header->input;
    uint8_t body[8];
    size_t got = 0;
    uint64_t offset, there = BYTES_UNKNOWN;
    StStatus status = byte_input_read(input, body, sizeof body, &got);
    if (status.code != ST_OK) return status;
    if (got < sizeof body) return cut_off();
    offset = be32(body);
    header->layout->data_offset = input->position + offset;
    if (input->size != BYTES_UNKNOWN) there = input->size - input->position;
    if (pcm_is_placeholder(size, there)) {
        header->layout->data_bytes = BYTES_UNKNOWN;
    } else if (size < sizeof body + offset) {
        return st_error(ST_ERROR_DECODE, "the AIFF chunk 'SSND' begins its samples behind its end");
    } else {
        header->layout->data_bytes = size - sizeof body - offset;
    }
    header->has_sound = 1;
    return st_ok();
}

static StStatus read_text(AiffHeader *header, uint64_t size, TagName tag) {
    uint8_t text[MAX_TEXT_BYTES];
    size_t got = 0;
    StStatus status = byte_input_read(header->input, text, size < sizeof text ? (size_t)size : sizeof text, &got);
    if (status.code == ST_OK) tags_add_legacy(&header->layout->texts, tag, 0, (const char *)text, got);
    return status;
}

static StStatus read_body(AiffHeader *header, const uint8_t *id, uint64_t size) {
    if (memcmp(id, "COMM", 4) == 0 && !header->has_common) return read_common(header, size);
    if (memcmp(id, "SSND", 4) == 0 && !header->has_sound) return place_sound(header, size);
    if (memcmp(id, "ID3 ", 4) == 0) pcm_layout_note_id3(header->layout, header->input->position, size);
    if (memcmp(id, "NAME", 4) == 0) return read_text(header, size, TAG_TITLE);
    if (memcmp(id, "AUTH", 4) == 0) return read_text(header, size, TAG_ARTIST);
    return st_ok();
}

/* COMM says how many frames there are, unless the writer did not know. */
static StStatus finish(AiffHeader *header) {
    if (!header->has_common) return cut_off();
    if (!header->has_sound && header->frames)
        return st_error(ST_ERROR_DECODE, "the AIFF file has no sound chunk (truncated? get the file again)");
    if (header->layout->data_bytes != BYTES_UNKNOWN && header->frames) header->layout->declared_frames = header->frames;
    return st_ok();
}

StStatus aiff_header_read(ByteInput *input, const uint8_t *magic, PcmLayout *layout) {
    AiffHeader header = {.input = input, .layout = layout, .is_aifc = magic[11] == 'C'};
    for (unsigned chunks = 0; chunks < MAX_CHUNKS; chunks++) {
        uint8_t head[8];
        size_t got = 0;
        uint64_t size, next;
        int complete = header.has_common && header.has_sound;
        StStatus status = byte_input_read(input, head, sizeof head, &got);
        if (status.code == ST_OK && got < sizeof head) break;
        size = be32(head + 4);
        next = input->position + size + (size & 1);
        if (status.code == ST_OK) status = read_body(&header, head, size);
        if (status.code != ST_OK && complete && status.code != ST_ERROR_CANCELLED) {
            st_plugin_free((void *)status.message.ptr, status.message.len, 1);
            break;
        }
        if (status.code != ST_OK) return status;
        if (header.has_sound && !byte_input_seeks(input)) {
            if (header.has_common) break;
            return st_error(ST_ERROR_UNSUPPORTED,
                            "this AIFF file has its samples first; that needs an input that can seek");
        }
        if (header.has_sound && layout->data_bytes == BYTES_UNKNOWN && header.has_common) break;
        if (input->size != BYTES_UNKNOWN && next > input->size) break;
        status = byte_input_go(input, next);
        if (status.code != ST_OK) return status;
    }
    return finish(&header);
}
