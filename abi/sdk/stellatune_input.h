/*
 * stellatune_input.h: the input of a decoder for libraries that read through callbacks of their own.
 *
 * For decoder plugins. Small reads are served from one buffer. The first failure of the host, or that the call is
 * cancelled, is kept, because libraries take it for the end of the file; nothing is read after it. No call of a decoder
 * reads more than it was allowed, so that none goes on for ever in a file that gives no sound.
 *
 *     st_input_begin(&input, io, io_handle);
 *     st_input_allow(&input, bytes);                         at the start of each call
 *     ... the library calls st_input_read and st_input_seek ...
 *     if (input.failure) return st_input_status(&input);
 */
#ifndef STELLATUNE_INPUT_H
#define STELLATUNE_INPUT_H

#include "stellatune_sdk.h"

#define ST_INPUT_BUFFER_BYTES 32768
#define ST_INPUT_TEXT_BYTES 200

typedef struct StInput {
    const StIoVTable *io;
    void *io_handle;
    uint64_t allowed_bytes;
    int32_t failure; /* StStatusCode; 0: none */
    char failure_text[ST_INPUT_TEXT_BYTES];

    uint64_t end;  /* where the host reads next: the position behind what the buffer holds */
    size_t at;     /* what of the buffer comes next */
    size_t filled;
    uint8_t buffer[ST_INPUT_BUFFER_BYTES];
} StInput;

ST_SDK_UNUSED static void st_input_begin(StInput *input, const StIoVTable *io, void *io_handle) {
    input->io = io;
    input->io_handle = io_handle;
    input->end = 0;
    input->at = input->filled = 0;
    input->failure = ST_OK;
}

ST_SDK_UNUSED static void st_input_allow(StInput *input, uint64_t bytes) {
    input->allowed_bytes = bytes;
}

ST_SDK_UNUSED static StStatus st_input_status(const StInput *input) {
    return st_error(input->failure, "%s", input->failure_text);
}

/* Keeps what the host said, as CANCELLED or IO. */
ST_SDK_UNUSED static void st_input_fail(StInput *input, StStatus status, const char *what) {
    if (input->failure) return;
    input->failure = status.code == ST_ERROR_CANCELLED ? ST_ERROR_CANCELLED : ST_ERROR_IO;
    snprintf(input->failure_text, sizeof input->failure_text, "%s%s%.*s", what, status.message.len ? ": " : "",
             (int)(status.message.len > 150 ? 150 : status.message.len), status.message.len ? status.message.ptr : "");
}

/* The next bytes of the host into the buffer; 0 at the end and after a failure. */
ST_SDK_UNUSED static size_t st_input_fill(StInput *input) {
    StStatus status = st_ok();
    size_t got = 0;
    if (input->failure) return 0;
    if (st_cancelled()) {
        status.code = ST_ERROR_CANCELLED;
        st_input_fail(input, status, "decoding was cancelled");
        return 0;
    }
    if (input->allowed_bytes < sizeof input->buffer) {
        input->failure = ST_ERROR_DECODE;
        snprintf(input->failure_text, sizeof input->failure_text,
                 "too many bytes hold no sound; looking for it ended at byte %llu", (unsigned long long)input->end);
        return 0;
    }
    status = input->io->read(input->io_handle, input->buffer, sizeof input->buffer, &got);
    if (status.code != ST_OK || got > sizeof input->buffer) {
        st_input_fail(input, status, "the input cannot be read");
        return 0;
    }
    input->allowed_bytes -= got;
    input->end += got;
    input->at = 0;
    input->filled = got;
    return got;
}

/* Reads as much as the input has, up to `len`; fewer only at its end. -1 after a failure. */
ST_SDK_UNUSED static int64_t st_input_read(StInput *input, void *out, size_t len) {
    size_t done = 0;
    while (done < len && (input->at < input->filled || st_input_fill(input))) {
        size_t n = input->filled - input->at < len - done ? input->filled - input->at : len - done;
        memcpy((uint8_t *)out + done, input->buffer + input->at, n);
        input->at += n;
        done += n;
    }
    return input->failure ? -1 : (int64_t)done;
}

ST_SDK_UNUSED static uint64_t st_input_position(const StInput *input) {
    return input->end - (input->filled - input->at);
}

/* Whether the length of the input is known, and then what it is. */
ST_SDK_UNUSED static int st_input_size(const StInput *input, uint64_t *out_size) {
    uint64_t size = 0;
    if (input->io->size == NULL || input->io->size(input->io_handle, &size).code != ST_OK || size > INT64_MAX) return 0;
    *out_size = size;
    return 1;
}

/* Moves, whence SEEK_SET, SEEK_CUR or SEEK_END; the new position, or -1. Inside the buffer every input can. */
ST_SDK_UNUSED static int64_t st_input_seek(StInput *input, int64_t offset, int whence) {
    uint64_t size = 0, wanted, found = 0;
    StStatus status;
    if (input->failure) return -1;
    if (whence == SEEK_END && !st_input_size(input, &size)) return -1;
    wanted = (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? st_input_position(input) : size) + (uint64_t)offset;
    if (wanted > INT64_MAX) return -1;
    if (wanted <= input->end && input->end - wanted <= input->filled) {
        input->at = input->filled - (size_t)(input->end - wanted);
        return (int64_t)wanted;
    }
    if (input->io->seek == NULL) return -1;
    status = input->io->seek(input->io_handle, (int64_t)wanted, ST_SEEK_START, &found);
    if (status.code != ST_OK) {
        st_input_fail(input, status, "the input cannot be moved");
        return -1;
    }
    input->end = wanted;
    input->at = input->filled = 0;
    return (int64_t)wanted;
}

/* Some bytes from elsewhere, up to `len`, past the buffer: what comes next stays. Only where the input can seek. */
ST_SDK_UNUSED static size_t st_input_peek(StInput *input, uint64_t offset, void *out, size_t len) {
    uint64_t found = 0;
    size_t got = 0;
    StStatus status;
    if (input->failure || input->io->seek == NULL || offset > INT64_MAX) return 0;
    status = input->io->seek(input->io_handle, (int64_t)offset, ST_SEEK_START, &found);
    if (status.code == ST_OK) status = input->io->read(input->io_handle, (uint8_t *)out, len, &got);
    if (status.code == ST_OK) status = input->io->seek(input->io_handle, (int64_t)input->end, ST_SEEK_START, &found);
    if (status.code == ST_OK && got <= len) return got;
    st_input_fail(input, status, "the input cannot be looked at elsewhere");
    return 0;
}

/* Back to the start, whatever has failed before; 0: that fails, too. */
ST_SDK_UNUSED static int st_input_rewind(StInput *input) {
    uint64_t found = 0;
    if (input->io->seek == NULL || input->io->seek(input->io_handle, 0, ST_SEEK_START, &found).code != ST_OK) return 0;
    st_input_begin(input, input->io, input->io_handle);
    return 1;
}

#endif
