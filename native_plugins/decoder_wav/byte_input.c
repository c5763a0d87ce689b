/*
 * byte_input.c: whole reads, checked moves.
 */
#include "byte_input.h"

#include <stellatune_sdk.h>

ByteInput byte_input(const StIoVTable *io, void *io_handle) {
    ByteInput input = {io, io_handle, 0, BYTES_UNKNOWN};
    uint64_t size = 0, back = 0;
    if (io->size && io->size(io_handle, &size).code == ST_OK) {
        input.size = size;
    } else if (io->seek && io->seek(io_handle, 0, ST_SEEK_END, &size).code == ST_OK) {
        if (io->seek(io_handle, 0, ST_SEEK_START, &back).code == ST_OK) input.size = size;
    }
    return input;
}

int byte_input_seeks(const ByteInput *input) {
    return input->io->seek != NULL;
}

/* The host's refusal in words of our own: its text is not ours to hand on. */
static StStatus refused(StStatus status, const char *what) {
    int32_t code = status.code == ST_ERROR_CANCELLED ? ST_ERROR_CANCELLED : ST_ERROR_IO;
    return st_error(code, "%s%s%.*s", what, status.message.len ? ": " : "",
                    (int)(status.message.len > 200 ? 200 : status.message.len),
                    status.message.len ? status.message.ptr : "");
}

StStatus byte_input_read(ByteInput *input, uint8_t *out, size_t len, size_t *out_read) {
    size_t done = 0;
    while (done < len) {
        size_t got = 0;
        StStatus status;
        if (st_cancelled()) return st_error(ST_ERROR_CANCELLED, "reading was cancelled");
        status = input->io->read(input->io_handle, out + done, len - done, &got);
        if (status.code != ST_OK || got > len - done) return refused(status, "the input cannot be read");
        if (got == 0) break;
        done += got;
        input->position += got;
    }
    *out_read = done;
    return st_ok();
}

StStatus byte_input_go(ByteInput *input, uint64_t position) {
    if (position == input->position) return st_ok();
    if (position > INT64_MAX) return st_error(ST_ERROR_DECODE, "the file points behind the end of all files");
    if (input->io->seek) {
        uint64_t landed = 0;
        StStatus status = input->io->seek(input->io_handle, (int64_t)position, ST_SEEK_START, &landed);
        if (status.code != ST_OK) return refused(status, "the input cannot be moved");
        input->position = position;
        return st_ok();
    }
    if (position < input->position) return st_error(ST_ERROR_UNSUPPORTED, "this input cannot seek");
    while (input->position < position) {
        uint8_t dropped[4096];
        uint64_t left = position - input->position;
        size_t got = 0;
        StStatus status = byte_input_read(input, dropped, left < sizeof dropped ? (size_t)left : sizeof dropped, &got);
        if (status.code != ST_OK) return status;
        if (got == 0) return st_error(ST_ERROR_DECODE, "file ends inside its header (truncated? get the file again)");
    }
    return st_ok();
}
