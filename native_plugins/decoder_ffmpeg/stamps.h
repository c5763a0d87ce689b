/*
 * stamps.h: from the time stamps of a container to frames, counted from the first one that is heard.
 *
 * Stamps that are as fine as frames say it themselves. Coarser ones (Matroska: milliseconds) say it where all blocks of
 * a codec have one length, because they then can mean only one block.
 */
#ifndef DECODER_FFMPEG_STAMPS_H
#define DECODER_FFMPEG_STAMPS_H

#include <libavutil/rational.h>
#include <stdint.h>

typedef struct Stamps {
    AVRational tick;
    uint32_t rate_hz;
    int64_t origin; /* the stamp of the first frame heard; AV_NOPTS_VALUE: unknown */
    int are_fine;
    int lie; /* they have contradicted a straight read */

    /* Of a straight read: blocks seen, the first (cut) one, all others but the last. */
    uint64_t blocks;
    uint32_t first_frames;
    uint32_t usual_frames;
    uint32_t last_frames;
    int lengths_vary;
} Stamps;

/* Whether ticks are as fine as frames, or as pairs of them: codecs that double their rate (HE-AAC) have such. */
int stamps_count_frames(AVRational tick, uint32_t rate_hz);

/* At the start of a straight read. That they lie is not forgotten. */
void stamps_begin(Stamps *stamps, AVRational tick, uint32_t rate_hz, int64_t origin);

/* A block of a straight read: `stamp` is what the container says, `frame` what was counted. */
void stamps_note(Stamps *stamps, int64_t stamp, uint64_t frame, uint32_t length);

/* The next block does not follow the last one. */
void stamps_jump(Stamps *stamps);

/* Whether enough blocks were seen to say whether stamps can be relied on. */
int stamps_are_learned(const Stamps *stamps);

/* Whether a block is a whole number of ticks, so that adding up those of blocks makes no error. */
int stamps_add_up(const Stamps *stamps);

/* Whether they can. */
int stamps_are_exact(const Stamps *stamps);

/* Which frame a stamp means; 0 when that cannot be said. Coarse stamps need learned ones. */
int stamps_frame(const Stamps *stamps, int64_t stamp, uint64_t *out_frame);

/* The last stamp that is not behind a frame. */
int64_t stamps_before(const Stamps *stamps, uint64_t frame);

#endif
