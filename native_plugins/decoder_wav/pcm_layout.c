/*
 * pcm_layout.c: the rules that hold for WAV and AIFF alike.
 */
#include "pcm_layout.h"

StStatus pcm_layout_check(const PcmLayout *layout) {
    uint32_t bytes = layout->container_bytes;
    int floats = layout->coding == PCM_FLOAT;
    if (layout->channels == 0 || layout->channels > MAX_CHANNELS)
        return st_error(ST_ERROR_UNSUPPORTED, "the header declares %u channels; 1 to %u can be played",
                        layout->channels, MAX_CHANNELS);
    if (layout->rate_hz == 0 || layout->rate_hz > MAX_RATE_HZ)
        return st_error(ST_ERROR_UNSUPPORTED, "the header declares a rate of %u Hz; 1 to %u can be played",
                        layout->rate_hz, MAX_RATE_HZ);
    if (floats ? bytes != 4 && bytes != 8 : bytes < 1 || bytes > 4)
        return st_error(ST_ERROR_UNSUPPORTED, "%s samples of %u bytes cannot be read",
                        floats ? "floating point" : "integer", bytes);
    if (layout->bits == 0 || layout->bits > bytes * 8)
        return st_error(ST_ERROR_DECODE, "the header declares %u bit in %u bytes a sample", layout->bits, bytes);
    return st_ok();
}

int pcm_is_placeholder(uint64_t bytes, uint64_t bytes_there) {
    if (bytes == 0 || bytes == 0xFFFFFFFFu) return 1;
    return bytes > bytes_there && bytes >= 0x7F000000u && bytes <= 0x80000000u;
}

void pcm_layout_note_id3(PcmLayout *layout, uint64_t offset, uint64_t bytes) {
    if (layout->id3_offset) return;
    layout->id3_offset = offset;
    layout->id3_bytes = bytes;
}

void pcm_layout_free(PcmLayout *layout) {
    tags_free(&layout->texts);
}
