/*
 * info_frame.c: reads the headers that encoders hide in a first block of silence. All numbers there are claims.
 *
 * Xing: flags, then what they announce; LAME's extension (also written by libavformat) follows. VBRI: at a fixed place.
 */
#include "info_frame.h"

#include <string.h>

#define XING_HAS_BLOCKS 1u
#define XING_HAS_BYTES 2u
#define XING_HAS_TOC 4u
#define XING_HAS_QUALITY 8u
#define XING_TOC_BYTES 100
#define LAME_BYTES 36
#define VBRI_AT 32

static uint32_t u16(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

static uint32_t u32(const uint8_t *bytes) {
    return u16(bytes) << 16 | u16(bytes + 2);
}

static int is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

/* "LAME3.93": before 3.95 it measured towards 83 dB. */
static double reference_correction_db(const uint8_t *lame) {
    if (memcmp(lame, "LAME3.", 6) != 0 || !is_digit(lame[6]) || !is_digit(lame[7])) return 0;
    return (lame[6] - '0') * 10 + (lame[7] - '0') < 95 ? 6 : 0;
}

/* A gain of 16 bit: kind, who set it, sign, tenths of a dB. */
static void read_gain(InfoFrame *info, uint32_t word, double correction_db) {
    double gain_db = (word & 0x1FF) / 10.0;
    if ((word >> 10 & 7) == 0) return;
    if (word & 0x200) gain_db = -gain_db;
    if (word >> 13 == 1) {
        info->has_track_gain = 1;
        info->track_gain_db = gain_db + correction_db;
    } else if (word >> 13 == 2) {
        info->has_album_gain = 1;
        info->album_gain_db = gain_db + correction_db;
    }
}

/* LAME's part: 9 bytes of name, then fixed places. */
static void read_lame(InfoFrame *info, const uint8_t *lame) {
    double correction_db = reference_correction_db(lame);
    if (lame[0] == '\0') return;
    info->has_gaps = 1;
    info->delay_frames = u16(lame + 21) >> 4;
    info->padding_frames = u16(lame + 22) & 0xFFF;
    info->peak = u32(lame + 11) / 8388608.0;
    read_gain(info, u16(lame + 15), correction_db);
    read_gain(info, u16(lame + 17), correction_db);
}

static void read_xing(InfoFrame *info, const uint8_t *body, size_t size, size_t at) {
    uint32_t flags = u32(body + at + 4);
    at += 8;
    if (flags & XING_HAS_BLOCKS && size - at >= 4) {
        info->blocks = u32(body + at);
        at += 4;
    }
    if (flags & XING_HAS_BYTES && size - at >= 4) {
        info->bytes = u32(body + at);
        at += 4;
    }
    if (flags & XING_HAS_TOC) at += XING_TOC_BYTES;
    if (flags & XING_HAS_QUALITY) at += 4;
    if (at <= size && size - at >= LAME_BYTES) read_lame(info, body + at);
}

InfoFrame info_frame_read(uint32_t header, const uint8_t *body, size_t size) {
    InfoFrame info = {0};
    int is_layer_3 = (header >> 17 & 3) == 1, is_mpeg_1 = (header >> 19 & 3) == 3, is_mono = (header >> 6 & 3) == 3;
    size_t at = (is_mpeg_1 ? (is_mono ? 17 : 32) : (is_mono ? 9 : 17)) + (header >> 16 & 1 ? 0 : 2);
    if (!is_layer_3) return info;
    if (size >= at + 8 && (memcmp(body + at, "Xing", 4) == 0 || memcmp(body + at, "Info", 4) == 0)) {
        info.exists = 1;
        read_xing(&info, body, size, at);
    } else if (size >= VBRI_AT + 18 && memcmp(body + VBRI_AT, "VBRI", 4) == 0) {
        info.exists = 1;
        info.bytes = u32(body + VBRI_AT + 10);
        info.blocks = u32(body + VBRI_AT + 14);
    }
    return info;
}
