/*
 * flac_head.c: walks the metadata blocks (RFC 9639, section 8). Every length is of 24 bits, and no block is read beyond it.
 */
#include "flac_head.h"

#include <stellatune_xiph.h>

#define MOST_BLOCKS 4096u
#define STREAMINFO_BYTES 34u
/* More places than this are no help in seeking. */
#define MOST_SEEKTABLE_BYTES (1u << 20)
#define LAST_BLOCK 0x80u
#define MOST_ID3_TAGS 4

enum { STREAMINFO = 0, SEEKTABLE = 3, COMMENTS = 4, PICTURE = 6 };

typedef struct Walk {
    FlacHead *head;
    Tags *tags;
    const StIoVTable *io;
    void *io_handle;
    uint64_t position;
    StStatus failure;
} Walk;

/* Keeps what the input said in words of our own: its text is not ours to hand on. */
static int fail(Walk *walk, int32_t code, StStr message) {
    walk->failure = st_error(code == ST_ERROR_CANCELLED ? code : ST_ERROR_IO, "the input cannot be read%s%.*s",
                             message.len ? ": " : "", (int)(message.len > 160 ? 160 : message.len),
                             message.len ? message.ptr : "");
    return 0;
}

/* Whether all of it was there. */
static int take(Walk *walk, void *out, size_t len) {
    size_t done = 0, got = 1;
    while (done < len && got > 0) {
        StStatus status = {.code = ST_ERROR_CANCELLED};
        got = 0;
        if (!st_cancelled()) status = walk->io->read(walk->io_handle, (uint8_t *)out + done, len - done, &got);
        if (status.code != ST_OK || got > len - done) return fail(walk, status.code, status.message);
        done += got;
        walk->position += got;
    }
    return done == len;
}

static int go_to(Walk *walk, uint64_t position) {
    uint8_t dropped[4096];
    if (walk->io->seek) {
        uint64_t found;
        StStatus status = walk->io->seek(walk->io_handle, (int64_t)position, ST_SEEK_START, &found);
        if (status.code != ST_OK) return fail(walk, status.code, status.message);
        walk->position = position;
        return 1;
    }
    while (walk->position < position) {
        uint64_t left = position - walk->position;
        if (!take(walk, dropped, left < sizeof dropped ? (size_t)left : sizeof dropped)) return 0;
    }
    return 1;
}

static int show(Walk *walk, const void *bytes, size_t len) {
    uint8_t *grown = realloc(walk->head->bytes, walk->head->len + len);
    if (grown == NULL) {
        walk->failure = st_error(ST_ERROR_INTERNAL, "no memory for the header of a FLAC file");
        return 0;
    }
    memcpy(grown + walk->head->len, bytes, len);
    walk->head->bytes = grown;
    walk->head->len += len;
    return 1;
}

/* All of a block; null without memory, or where the input ends within it. */
static uint8_t *whole_block(Walk *walk, size_t len) {
    uint8_t *block = malloc(len ? len : 1);
    if (block && take(walk, block, len)) return block;
    free(block);
    return NULL;
}

/* Lengths and texts of a comment block are little-endian, and not believed. */
typedef struct Comments {
    StStr *each;
    size_t count;
} Comments;

static StStr comment_at(const void *comments, size_t index) {
    return ((const Comments *)comments)->each[index];
}

static uint32_t le32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void read_comments(Tags *tags, const uint8_t *block, size_t size) {
    size_t at = size >= 4 ? 4 + (size_t)le32(block) : size, most;
    Comments comments = {NULL, 0};
    if (at > size || size - at < 4) return;
    most = le32(block + at) < (size - at) / 4 ? le32(block + at) : (size - at) / 4;
    comments.each = malloc((most ? most : 1) * sizeof *comments.each);
    if (comments.each == NULL) return;
    for (at += 4; comments.count < most && size - at >= 4;) {
        size_t len = le32(block + at);
        at += 4;
        if (len > size - at) break;
        comments.each[comments.count++] = (StStr){(const char *)block + at, len};
        at += len;
    }
    xiph_tags(tags, &comments, comments.count, comment_at);
    xiph_cover(tags, &comments, comments.count, comment_at);
    free(comments.each);
}

/* Where the picture in a block that ends at `end` lies: behind its kind, two texts and five numbers. */
static void place_picture(Walk *walk, uint64_t end) {
    uint8_t number[4], numbers[20], first[TAGS_HEAD_BYTES];
    uint32_t kind;
    if (!take(walk, number, 4)) return;
    kind = xiph_u32(number);
    for (int texts = 0; texts < 2; texts++)
        if (!take(walk, number, 4) || xiph_u32(number) > end - walk->position ||
            !go_to(walk, walk->position + xiph_u32(number)))
            return;
    if (end - walk->position < sizeof numbers || !take(walk, numbers, sizeof numbers)) return;
    if (xiph_u32(numbers + 16) > end - walk->position || xiph_u32(numbers + 16) < sizeof first) return;
    if (!tags_wants_cover(walk->tags, kind == XIPH_FRONT_COVER, xiph_u32(numbers + 16))) return;
    end = walk->position;
    if (take(walk, first, sizeof first))
        tags_cover_place(walk->tags, kind == XIPH_FRONT_COVER, first, sizeof first, end, xiph_u32(numbers + 16));
}

static void read_block(Walk *walk, const uint8_t *start, size_t len) {
    unsigned kind = start[0] & 127;
    int is_first = walk->head->len == 4, shown = 0;
    uint8_t *block = NULL;
    if (kind == PICTURE && walk->io->seek) {
        if (len >= 32) place_picture(walk, walk->position + len);
        return;
    }
    if (is_first ? kind == STREAMINFO && len == STREAMINFO_BYTES : kind == SEEKTABLE && len <= MOST_SEEKTABLE_BYTES)
        shown = 1;
    if (!shown && kind != COMMENTS && (kind != PICTURE || len > TAGS_COVER_BYTES + 65536)) return;
    block = whole_block(walk, len);
    if (block == NULL) return;
    if (shown) {
        uint8_t as_one_of_many[4] = {(uint8_t)kind, start[1], start[2], start[3]};
        if (show(walk, as_one_of_many, 4)) show(walk, block, len);
    } else if (kind == COMMENTS) {
        read_comments(walk->tags, block, len);
    } else {
        xiph_picture_block(walk->tags, block, len);
        return; /* it is the tags' */
    }
    free(block);
}

/* The mark of FLAC, behind ID3 tags that do not belong there. */
static int find_mark(Walk *walk) {
    uint8_t mark[10];
    for (int i = 0; i < MOST_ID3_TAGS; i++) {
        if (!take(walk, mark, 4)) return 0;
        if (memcmp(mark, "ID3", 3) != 0) break;
        if (!take(walk, mark + 4, 6)) return 0;
        if (!go_to(walk, walk->position + ((uint64_t)(mark[6] & 127) << 21 | (uint64_t)(mark[7] & 127) << 14 |
                                           (uint64_t)(mark[8] & 127) << 7 | (mark[9] & 127))))
            return 0;
    }
    return show(walk, mark, 4) && memcmp(mark, "fLaC", 4) == 0;
}

static void walk_blocks(Walk *walk) {
    size_t last_shown = 0;
    int is_last = 0;
    for (uint32_t blocks = 0; blocks < MOST_BLOCKS && !is_last; blocks++) {
        uint8_t start[4];
        size_t before = walk->head->len, len;
        uint64_t end;
        if (!take(walk, start, 4) || start[0] == 0xFF) return;
        len = (size_t)start[1] << 16 | (size_t)start[2] << 8 | start[3];
        end = walk->position + len;
        is_last = (start[0] & LAST_BLOCK) != 0;
        read_block(walk, start, len);
        if (walk->failure.code != ST_OK || !go_to(walk, end)) return;
        if (walk->head->len > before) last_shown = before;
    }
    if (is_last && last_shown) walk->head->bytes[last_shown] |= LAST_BLOCK;
}

StStatus flac_head_read(FlacHead *head, Tags *tags, const StIoVTable *io, void *io_handle) {
    Walk walk = {head, tags, io, io_handle, 0, {0}};
    if (find_mark(&walk)) walk_blocks(&walk);
    head->sound = walk.position;
    return walk.failure;
}
