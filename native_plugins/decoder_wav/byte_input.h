/*
 * byte_input.h: the host's io as a counted line of bytes, for reading headers and samples.
 */
#ifndef DECODER_WAV_BYTE_INPUT_H
#define DECODER_WAV_BYTE_INPUT_H

#include <stellatune_sdk.h>

#define BYTES_UNKNOWN UINT64_MAX

typedef struct ByteInput {
    const StIoVTable *io;
    void *io_handle;
    uint64_t position;
    uint64_t size; /* BYTES_UNKNOWN where nobody can tell */
} ByteInput;

ByteInput byte_input(const StIoVTable *io, void *io_handle);

/* Reads `len` bytes; fewer only at the end of the input. */
StStatus byte_input_read(ByteInput *input, uint8_t *out, size_t len, size_t *out_read);

/* Goes to a position: by seeking, or, where the input cannot seek, by reading up to it. */
StStatus byte_input_go(ByteInput *input, uint64_t position);

int byte_input_seeks(const ByteInput *input);

static inline uint32_t le16(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t le32(const uint8_t *p) {
    return le16(p) | le16(p + 2) << 16;
}

static inline uint64_t le64(const uint8_t *p) {
    return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}

static inline uint32_t be16(const uint8_t *p) {
    return (uint32_t)p[0] << 8 | (uint32_t)p[1];
}

static inline uint32_t be32(const uint8_t *p) {
    return be16(p) << 16 | be16(p + 2);
}

static inline uint64_t be64(const uint8_t *p) {
    return (uint64_t)be32(p) << 32 | be32(p + 4);
}

#endif
