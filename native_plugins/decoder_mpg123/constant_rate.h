/*
 * constant_rate.h: how many blocks a file of constant bit rate has, from a few looks at it.
 */
#ifndef DECODER_MPG123_CONSTANT_RATE_H
#define DECODER_MPG123_CONSTANT_RATE_H

#include <stellatune_input.h>

/*
 * `header` stands at byte `first`; its blocks have so many bits in a thousandth of a second. 0 where the blocks are not
 * all where a constant rate would have put them, up to the very end or to an ID3v1 tag there.
 */
uint64_t constant_rate_blocks(StInput *input, uint32_t header, uint64_t first, uint32_t kbit_per_s, uint32_t rate_hz,
                              uint32_t block_frames);

#endif
