/*
 * icy.h: takes the blocks of metadata out of a station's audio, and tells the titles in them.
 *
 * Every `metaint` bytes of audio there is a block: one byte that counts units of 16 bytes, then text such as
 * StreamTitle='Artist - Song';StreamUrl='...'; (filled with zeros). An empty block says that nothing has changed.
 */
#ifndef SOURCE_HTTP_ICY_H
#define SOURCE_HTTP_ICY_H

#include <stddef.h>
#include <stdint.h>

#define ICY_BLOCK_BYTES (255 * 16)
#define ICY_TITLE_BYTES 1024

typedef struct Icy {
    int64_t metaint; /* 0: all bytes are audio */
    int64_t audio_left; /* until the next block; -1: its length comes next */
    size_t block_left, block_len;
    char block[ICY_BLOCK_BYTES];
    char title[ICY_TITLE_BYTES]; /* the last one that was told, through all connections */
} Icy;

/* A connection begins, with audio. */
void icy_begin(Icy *icy, int64_t metaint);

/*
 * Reads from `in` until there is audio, at most `out_len` bytes of it, at byte `offset` of the audio; a title that is new
 * becomes an event. How many bytes of `in` were used goes to `out_used`, the bytes of audio are returned.
 */
size_t icy_take(Icy *icy, const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len, uint64_t offset, size_t *out_used);

#endif
