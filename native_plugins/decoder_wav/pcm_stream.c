/*
 * pcm_stream.c: from header to frames. What the header declares is held against what the file has, once, at open.
 */
#include "pcm_stream.h"

#include <stellatune_sdk.h>
#include "headers.h"
#include "pcm_samples.h"

#define RAW_BYTES 65536u

/* How many frames there are, and how many there should be. */
static void count_frames(PcmStream *stream) {
    const PcmLayout *layout = &stream->layout;
    uint64_t bytes = layout->data_bytes;
    stream->declared = layout->declared_frames;
    if (stream->declared == FRAMES_UNKNOWN && bytes != BYTES_UNKNOWN) stream->declared = bytes / stream->frame_bytes;
    if (stream->input.size != BYTES_UNKNOWN) {
        uint64_t there = stream->input.size > layout->data_offset ? stream->input.size - layout->data_offset : 0;
        if (bytes > there) bytes = there;
    }
    stream->frames = bytes == BYTES_UNKNOWN ? FRAMES_UNKNOWN : bytes / stream->frame_bytes;
    if (stream->frames > stream->declared) stream->frames = stream->declared;
}

StStatus pcm_stream_open(PcmStream *stream, const StIoVTable *io, void *io_handle) {
    uint8_t magic[HEADER_MAGIC_BYTES];
    size_t got = 0;
    StStatus status;
    stream->layout.declared_frames = FRAMES_UNKNOWN;
    stream->input = byte_input(io, io_handle);
    status = byte_input_read(&stream->input, magic, sizeof magic, &got);
    if (status.code != ST_OK) return status;
    if (got == sizeof magic && wav_header_matches(magic)) {
        status = wav_header_read(&stream->input, magic, &stream->layout);
    } else if (got == sizeof magic && aiff_header_matches(magic)) {
        status = aiff_header_read(&stream->input, magic, &stream->layout);
    } else {
        return st_error(ST_ERROR_UNSUPPORTED, "neither a WAV nor an AIFF file: %s",
                        got ? "it begins with other bytes" : "it is empty");
    }
    if (status.code != ST_OK) return status;
    stream->frame_bytes = pcm_frame_bytes(&stream->layout);
    count_frames(stream);
    stream->raw_frames = RAW_BYTES / stream->frame_bytes;
    stream->raw = malloc((size_t)stream->raw_frames * stream->frame_bytes);
    if (stream->raw == NULL) return st_error(ST_ERROR_INTERNAL, "no memory for %u bytes of samples", RAW_BYTES);
    if (pcm_samples_rounded(&stream->layout))
        st_log(ST_LOG_INFO, "%u bit samples are rounded to float32, which holds 24", stream->layout.bits);
    return st_ok();
}

/* At the end of what is there: eof, or an error when more was declared. */
static StStatus end_here(const PcmStream *stream, uint8_t *out_eof) {
    if (stream->declared != FRAMES_UNKNOWN && stream->position < stream->declared)
        return st_error(ST_ERROR_DECODE,
                        "file ends before its declared %llu frames; it holds %llu (truncated? get the file again)",
                        (unsigned long long)stream->declared, (unsigned long long)stream->position);
    *out_eof = 1;
    return st_ok();
}

StStatus pcm_stream_read(PcmStream *stream, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof) {
    uint32_t done = 0;
    uint8_t eof = 0;
    do {
        uint32_t want, got_frames;
        size_t got = 0;
        StStatus status;
        want = frames - done < stream->raw_frames ? frames - done : stream->raw_frames;
        if (want > stream->frames - stream->position) want = (uint32_t)(stream->frames - stream->position);
        if (want == 0) break;
        status = byte_input_go(&stream->input, stream->layout.data_offset + stream->position * stream->frame_bytes);
        if (status.code == ST_OK)
            status = byte_input_read(&stream->input, stream->raw, (size_t)want * stream->frame_bytes, &got);
        if (status.code != ST_OK && done == 0) return status;
        if (status.code != ST_OK) {
            st_plugin_free((void *)status.message.ptr, status.message.len, 1);
            break;
        }
        got_frames = (uint32_t)(got / stream->frame_bytes);
        pcm_samples_to_float(&stream->layout, stream->raw, (size_t)got_frames * stream->layout.channels,
                             out + (size_t)done * stream->layout.channels);
        done += got_frames;
        stream->position += got_frames;
        if (got_frames < want) stream->frames = stream->position;
    } while (done < frames);
    if (done == 0 && frames > 0) {
        StStatus status = end_here(stream, &eof);
        if (status.code != ST_OK) return status;
    }
    *out_read = done;
    *out_eof = eof;
    return st_ok();
}

StStatus pcm_stream_seek(PcmStream *stream, uint64_t frame) {
    if (!byte_input_seeks(&stream->input)) return st_error(ST_ERROR_UNSUPPORTED, "this input cannot seek");
    if (frame > stream->frames)
        return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%llu frames)", (unsigned long long)frame,
                        (unsigned long long)stream->frames);
    if (frame > (INT64_MAX - stream->layout.data_offset) / stream->frame_bytes)
        return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end of all files", (unsigned long long)frame);
    stream->position = frame;
    return st_ok();
}

void pcm_stream_close(PcmStream *stream) {
    pcm_layout_free(&stream->layout);
    free(stream->raw);
}
