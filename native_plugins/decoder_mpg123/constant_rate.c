/*
 * constant_rate.c: a block of constant rate lies where its number says, give or take the byte of padding that makes up
 * for fractions. That this holds by chance at all the places that are looked at cannot be.
 */
#include "constant_rate.h"

#define LOOKS 32u
/* Encoders begin to pad at different blocks. */
#define SLACK_BYTES 2u
/* In the header: what all blocks have in common - sync, version, layer, bit rate, sampling rate. */
#define SAME_BITS 0xFFFEFC00u
#define LAYER_1 3u
#define PADDING_BIT 0x200u

typedef struct Blocks {
    StInput *input;
    uint32_t header;
    uint64_t first;
    uint64_t bits_of_a_block; /* times rate_hz */
    uint32_t rate_hz;
} Blocks;

/* Where block `number` lies; 0: it does not. What it is long goes to `out_size`. */
static uint64_t find_block(const Blocks *blocks, uint64_t number, uint64_t *out_size) {
    uint64_t about = blocks->first + blocks->bits_of_a_block * number / blocks->rate_hz / 8;
    uint64_t from = about - (about < SLACK_BYTES ? about : SLACK_BYTES);
    uint8_t bytes[2 * SLACK_BYTES + 4];
    size_t got = st_input_peek(blocks->input, from, bytes, sizeof bytes);
    for (size_t i = 0; i + 4 <= got; i++) {
        uint32_t found =
            (uint32_t)bytes[i] << 24 | (uint32_t)bytes[i + 1] << 16 | (uint32_t)bytes[i + 2] << 8 | bytes[i + 3];
        if ((found ^ blocks->header) & SAME_BITS) continue;
        *out_size = blocks->bits_of_a_block / blocks->rate_hz / 8 + (found & PADDING_BIT ? 1 : 0);
        return from + i;
    }
    return 0;
}

uint64_t constant_rate_blocks(StInput *input, uint32_t header, uint64_t first, uint32_t kbit_per_s, uint32_t rate_hz,
                              uint32_t block_frames) {
    Blocks blocks = {input, header, first, (uint64_t)kbit_per_s * 1000 * block_frames, rate_hz};
    uint64_t size = 0, bytes = 0, end, count, at;
    uint8_t tag[3];
    if (kbit_per_s == 0 || (header >> 17 & 3) == LAYER_1 || !st_input_size(input, &size) || size < first + 128) return 0;
    end = st_input_peek(input, size - 128, tag, sizeof tag) == sizeof tag && memcmp(tag, "TAG", 3) == 0 ? size - 128 : size;
    count = ((end - first) * 8 * rate_hz + blocks.bits_of_a_block / 2) / blocks.bits_of_a_block;
    if (count < LOOKS) return 0;
    at = find_block(&blocks, count - 1, &bytes);
    if (at == 0 || at + bytes != end) return 0;
    for (uint64_t i = 1; i < LOOKS; i++)
        if (find_block(&blocks, count * i / LOOKS, &bytes) == 0) return 0;
    return count;
}
