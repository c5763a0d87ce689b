/*
 * mpeg_stream.c: drives libmpg123 block by block; knows how far back a block leans on those before it.
 */
#include "mpeg_stream.h"

#include "constant_rate.h"

/*
 * libmpg123 adds up its filter in an order that goes round with the blocks it decodes, this many at most, whatever they
 * are: the last bits are those of a straight read where all that was decoded makes whole rounds.
 */
#define ROUND_BLOCKS 8u
/* Layer 3 takes up to 511 bytes from the blocks before, which have 60 or more of them in MPEG-1. */
#define RUN_UP_BLOCKS 16u
/*
 * Layer 3 of MPEG-2: where libmpg123 lacks those bytes, it decodes a block or not, and so loses count of the rounds.
 * Only decoding from the start is exact.
 */
#define FROM_THE_START UINT32_MAX
#define LOW_RATE_HZ 32000u
/* What every decoder of layer 3 is late, beside the encoder's delay. */
#define DECODER_DELAY_FRAMES 529u

#define JUNK_BYTES_BEFORE 65536
#define JUNK_BYTES_BETWEEN (1 << 20)
#define CALL_BYTES ((uint64_t)128 << 20)
/* In the header of a block: what all of a stream have in common - sync, version, layer, rate. */
#define SAME_STREAM_BITS 0xFFFE0C00u
/* Up to this size, the blocks of a file that does not say how many it has are counted. */
#define COUNT_BYTES ((uint64_t)16 << 20)
#define INDEX_BLOCKS 4096
#define MAX_BLOCK_FRAMES 1152
#define MAX_FOREIGN_BLOCKS 3

/* Tags are read by id3_tags.c. */
#define FLAGS (MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_IGNORE_INFOFRAME | MPG123_SKIP_ID3V2)

ST_SDK_PRINTF(3, 4) static void fail(MpegStream *stream, int32_t code, const char *format, ...) {
    va_list args;
    stream->failure = code;
    va_start(args, format);
    vsnprintf(stream->failure_text, sizeof stream->failure_text, format, args);
    va_end(args);
}

static StStatus failure_status(const MpegStream *stream) {
    return st_error(stream->failure, "%s", stream->failure_text);
}

static int fail_with_input(MpegStream *stream) {
    if (stream->input.failure) fail(stream, stream->input.failure, "%s", stream->input.failure_text);
    return stream->input.failure != ST_OK;
}

static ssize_t on_read(void *input, void *out, size_t count) {
    return (ssize_t)st_input_read(input, out, count);
}

static off_t on_seek(void *input, off_t offset, int whence) {
    return (off_t)st_input_seek(input, offset, whence);
}

/* libmpg123 before the first block of an input that stands there. */
static StStatus start_here(MpegStream *stream) {
    const StIoVTable *io = stream->input.io;
    mpg123_close(stream->mpeg);
    mpg123_param(stream->mpeg, MPG123_FLAGS, FLAGS, 0);
    mpg123_param(stream->mpeg, MPG123_RESYNC_LIMIT, JUNK_BYTES_BEFORE, 0);
    mpg123_param(stream->mpeg, MPG123_INDEX_SIZE, INDEX_BLOCKS, 0);
    mpg123_param(stream->mpeg, MPG123_PREFRAMES, 1, 0);
    mpg123_replace_reader_handle(stream->mpeg, on_read, io->seek ? on_seek : NULL, NULL);
    stream->foreign_blocks = 0;
    stream->decoded_end = 0;
    stream->block_end_byte = 0;
    stream->pending_frames = 0;
    stream->position = 0;
    stream->ended = 0;
    stream->failure = ST_OK;
    if (mpg123_open_handle(stream->mpeg, &stream->input) == MPG123_OK && !stream->input.failure) return st_ok();
    if (!fail_with_input(stream))
        fail(stream, ST_ERROR_DECODE, "libmpg123 gives up on it: %s", mpg123_strerror(stream->mpeg));
    return failure_status(stream);
}

static StStatus start(MpegStream *stream) {
    if (st_input_rewind(&stream->input)) return start_here(stream);
    fail(stream, ST_ERROR_IO, "the input cannot be rewound");
    return failure_status(stream);
}

/* Bytes that were passed over since the block before are told, but damage nothing that could be named. */
static void follow_bytes(MpegStream *stream) {
    struct mpg123_frameinfo info;
    uint64_t byte = (uint64_t)mpg123_framepos(stream->mpeg);
    if (mpg123_info(stream->mpeg, &info) != MPG123_OK) return;
    if (stream->block_end_byte && byte > stream->block_end_byte) {
        uint32_t places = ++stream->junk_places;
        if ((places & (places - 1)) == 0)
            st_log(ST_LOG_WARN, "%llu bytes at byte %llu are no MPEG audio and were passed over; %u such places so far",
                   (unsigned long long)(byte - stream->block_end_byte), (unsigned long long)stream->block_end_byte,
                   places);
    }
    stream->block_end_byte = byte + (uint64_t)info.framesize;
}

static int has_format(MpegStream *stream) {
    long rate_hz = 0;
    int channels = 0, encoding = 0;
    mpg123_getformat(stream->mpeg, &rate_hz, &channels, &encoding);
    return rate_hz == (long)stream->rate_hz && channels == (int)stream->channels;
}

/* Whether a block like the first begins at the byte, or behind a tag there. The position of the input stays. */
static int goes_on_at(MpegStream *stream, uint64_t byte) {
    StInput *input = &stream->input;
    int64_t here = (int64_t)st_input_position(input);
    uint8_t head[ID3_HEAD_BYTES];
    uint32_t found = 0;
    int64_t got = st_input_seek(input, (int64_t)byte, SEEK_SET) < 0 ? 0 : st_input_read(input, head, sizeof head);
    if (got == sizeof head && memcmp(head, "ID3", 3) == 0)
        got = st_input_seek(input, (int64_t)(byte + sizeof head + id3_synchsafe(head + 6)), SEEK_SET) < 0
                  ? 0
                  : st_input_read(input, head, sizeof head);
    if (got >= 4) found = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
    st_input_seek(input, here, SEEK_SET);
    return ((found ^ stream->first_header) & SAME_STREAM_BITS) == 0;
}

/* The frames up to the end of the last block. */
static uint64_t heard(const MpegStream *stream) {
    return stream->decoded_end > stream->first_frame ? stream->decoded_end - stream->first_frame : 0;
}

/* libmpg123 has nothing more: whether that is a proper end. */
static void judge_end(MpegStream *stream) {
    stream->ended = 1;
    if (stream->total_frames && heard(stream) < stream->total_frames)
        fail(stream, ST_ERROR_DECODE,
             "file ends before its declared %llu frames; %llu were decoded (truncated? get the file again)",
             (unsigned long long)stream->total_frames, (unsigned long long)heard(stream));
    else if (!stream->has_claim && stream->block_end_byte && goes_on_at(stream, stream->block_end_byte))
        fail(stream, ST_ERROR_DECODE, "file ends inside a block, after %llu frames (truncated? get the file again)",
             (unsigned long long)heard(stream));
}

/*
 * Decodes the next block: its number and samples. 0: there is none, and the stream holds why. A damaged header looks
 * like one of another format: what it gives is silence, and only several in a row are taken for a change.
 */
static int next_block(MpegStream *stream, uint64_t *out_number, const float **out_samples) {
    static const float SILENCE[2 * MAX_BLOCK_FRAMES];
    unsigned char *audio = NULL;
    size_t bytes = 0;
    off_t number = 0;
    int code = mpg123_decode_frame(stream->mpeg, &number, &audio, &bytes);
    if (code == MPG123_NEW_FORMAT) code = mpg123_decode_frame(stream->mpeg, &number, &audio, &bytes);
    if (fail_with_input(stream)) return 0;
    if (code == MPG123_DONE) {
        judge_end(stream);
        return 0;
    }
    if (code != MPG123_OK) {
        fail(stream, ST_ERROR_DECODE, "decoding stops at frame %llu: %s", (unsigned long long)stream->position,
             mpg123_strerror(stream->mpeg));
        return 0;
    }
    follow_bytes(stream);
    if (has_format(stream) && bytes == sizeof(float) * stream->channels * stream->block_frames) {
        stream->foreign_blocks = 0;
    } else if (++stream->foreign_blocks > MAX_FOREIGN_BLOCKS) {
        fail(stream, ST_ERROR_DECODE, "the format changes at frame %llu; split the file there",
             (unsigned long long)stream->position);
        return 0;
    }
    *out_number = (uint64_t)number;
    *out_samples = stream->foreign_blocks ? SILENCE : (const float *)audio;
    return 1;
}

/*
 * At the end that was claimed, in an input that cannot be looked ahead in: a station whose first block was a file's has
 * more. The padding of that file is then passed over, and nothing is claimed any more. Where no block of the same format
 * follows, be it a tag or junk, the claim was right, and that is a proper end.
 */
static void go_on_behind_claim(MpegStream *stream) {
    const InfoFrame *info = &stream->info_frame;
    uint64_t end = (info->blocks + (info->exists ? 1 : 0)) * stream->block_frames, number;
    const float *samples;
    while (next_block(stream, &number, &samples)) {
        uint64_t begins = number * stream->block_frames;
        stream->decoded_end = begins + stream->block_frames;
        if (begins < end || stream->foreign_blocks) continue;
        stream->has_claim = 0;
        stream->total_frames = 0;
        stream->first_frame = begins - stream->position;
        stream->pending = samples;
        stream->pending_frames = stream->block_frames;
        return;
    }
    if (stream->input.failure) return;
    stream->failure = ST_OK;
    stream->ended = 1;
}

/* Decodes up to the block that holds `position`, and what of it is to be heard waits then. */
static void step(MpegStream *stream) {
    uint64_t number, begins, wanted = stream->first_frame + stream->position, left = UINT64_MAX;
    const float *samples;
    uint32_t skip;
    if (stream->total_frames) left = stream->total_frames - stream->position;
    if (left == 0 && stream->has_claim && stream->input.io->seek == NULL) {
        go_on_behind_claim(stream);
        return;
    }
    if (left == 0) {
        judge_end(stream);
        return;
    }
    if (!next_block(stream, &number, &samples)) return;
    begins = number * stream->block_frames;
    stream->decoded_end = begins + stream->block_frames;
    if (stream->decoded_end <= wanted) return;
    if (begins > wanted) {
        fail(stream, ST_ERROR_DECODE, "libmpg123 has lost its place at frame %llu",
             (unsigned long long)stream->position);
        return;
    }
    skip = (uint32_t)(wanted - begins);
    stream->pending = samples + (size_t)skip * stream->channels;
    stream->pending_frames = stream->block_frames - skip;
    if (stream->pending_frames > left) stream->pending_frames = (uint32_t)left;
}

/* The first block tells the format, and may hold an InfoFrame in place of sound. */
static StStatus read_first_block(MpegStream *stream, uint32_t *out_kbit_per_s) {
    struct mpg123_frameinfo info;
    unsigned char *audio, *body;
    unsigned long header;
    size_t bytes, size;
    off_t number;
    long rate_hz = 0;
    int channels = 0, encoding = 0;
    int code = mpg123_decode_frame(stream->mpeg, &number, &audio, &bytes);
    if (stream->input.failure) return st_input_status(&stream->input);
    if (code != MPG123_NEW_FORMAT || mpg123_getformat(stream->mpeg, &rate_hz, &channels, &encoding) != MPG123_OK)
        return st_error(ST_ERROR_UNSUPPORTED, "no MPEG audio was found at its start");
    if (encoding != MPG123_ENC_FLOAT_32 || rate_hz < 1 || channels < 1 || channels > 2 ||
        mpg123_spf(stream->mpeg) < 1 || mpg123_spf(stream->mpeg) > MAX_BLOCK_FRAMES ||
        mpg123_info(stream->mpeg, &info) != MPG123_OK ||
        mpg123_framedata(stream->mpeg, &header, &body, &size) != MPG123_OK)
        return st_error(ST_ERROR_INTERNAL, "libmpg123 gives up on it: %s", mpg123_strerror(stream->mpeg));
    stream->rate_hz = (uint32_t)rate_hz;
    stream->channels = (uint32_t)channels;
    stream->block_frames = (uint32_t)mpg123_spf(stream->mpeg);
    stream->run_up_blocks = info.layer == 3 && rate_hz < LOW_RATE_HZ ? FROM_THE_START : RUN_UP_BLOCKS;
    stream->first_header = (uint32_t)header;
    stream->info_frame = info_frame_read(stream->first_header, body, size);
    *out_kbit_per_s = info.bitrate > 0 ? (uint32_t)info.bitrate : 0;
    return st_ok();
}

/* The blocks of sound: as claimed, as a constant rate has it, or counted where that is quick; 0: unknown. */
static uint64_t count_blocks(MpegStream *stream, uint32_t kbit_per_s) {
    const InfoFrame *info = &stream->info_frame;
    uint64_t size = 0, silent = info->exists ? 1 : 0;
    int is_known = stream->input.io->seek && st_input_size(&stream->input, &size);
    off_t counted;
    stream->has_claim = info->blocks && !(is_known && info->bytes &&
                                          goes_on_at(stream, (uint64_t)mpg123_framepos(stream->mpeg) + info->bytes));
    if (stream->has_claim) return info->blocks;
    counted = is_known ? (off_t)constant_rate_blocks(&stream->input, stream->first_header,
                                                     (uint64_t)mpg123_framepos(stream->mpeg), kbit_per_s,
                                                     stream->rate_hz, stream->block_frames)
                       : 0;
    if (counted > (off_t)silent) return (uint64_t)counted - silent;
    if (!is_known || size > COUNT_BYTES || mpg123_scan(stream->mpeg) != MPG123_OK) return 0;
    counted = mpg123_framelength(stream->mpeg);
    return counted > (off_t)silent ? (uint64_t)counted - silent : 0;
}

/* What is heard: without the silent block, the delay and the padding. Claims that cannot be count for nothing. */
static void trim(MpegStream *stream, uint64_t blocks) {
    const InfoFrame *info = &stream->info_frame;
    uint64_t frames = blocks * stream->block_frames;
    uint64_t delay = info->has_gaps ? info->delay_frames + DECODER_DELAY_FRAMES : 0, padding = 0;
    if (blocks && delay >= frames) delay = 0;
    if (info->has_gaps && stream->has_claim && info->padding_frames > DECODER_DELAY_FRAMES)
        padding = info->padding_frames - DECODER_DELAY_FRAMES;
    if (delay + padding >= frames) padding = 0;
    stream->first_frame = (info->exists ? stream->block_frames : 0) + delay;
    stream->total_frames = blocks ? frames - delay - padding : 0;
}

StStatus mpeg_stream_open(MpegStream *stream, const StIoVTable *io, void *io_handle) {
    uint32_t kbit_per_s = 0;
    uint64_t size = 0;
    int code = MPG123_OK;
    StStatus status;
    st_input_begin(&stream->input, io, io_handle);
    st_input_allow(&stream->input, CALL_BYTES);
    if (mpg123_init() == MPG123_OK) stream->mpeg = mpg123_new(NULL, &code);
    if (stream->mpeg == NULL) return st_error(ST_ERROR_INTERNAL, "libmpg123: %s", mpg123_plain_strerror(code));
    id3_tags_read(&stream->tags, &stream->input);
    if (stream->input.failure) return st_input_status(&stream->input);
    status = start_here(stream);
    if (status.code == ST_OK) status = read_first_block(stream, &kbit_per_s);
    if (status.code != ST_OK) return status;
    id3_tags_loudness(&stream->tags, &stream->info_frame);
    trim(stream, count_blocks(stream, kbit_per_s));
    if (kbit_per_s && st_input_size(&stream->input, &size)) stream->estimated_ms = size * 8 / kbit_per_s;
    mpg123_param(stream->mpeg, MPG123_RESYNC_LIMIT, JUNK_BYTES_BETWEEN, 0);
    if (stream->input.failure) return st_input_status(&stream->input);
    return st_ok();
}

/* Gives what waits already. */
static uint32_t take_waiting(MpegStream *stream, uint32_t frames, float *out) {
    uint32_t n = stream->pending_frames < frames ? stream->pending_frames : frames;
    if (n == 0) return 0;
    memcpy(out, stream->pending, sizeof(float) * n * stream->channels);
    stream->pending += (size_t)n * stream->channels;
    stream->pending_frames -= n;
    stream->position += n;
    return n;
}

StStatus mpeg_stream_read(MpegStream *stream, uint32_t frames, float *out, uint32_t *out_read, uint8_t *out_eof) {
    uint32_t done = 0;
    st_input_allow(&stream->input, CALL_BYTES);
    for (;;) {
        done += take_waiting(stream, frames - done, out + (size_t)done * stream->channels);
        if (done == frames || stream->ended || stream->failure) break;
        step(stream);
    }
    if (done == 0 && frames > 0 && stream->failure) return failure_status(stream);
    *out_read = done;
    *out_eof = stream->ended && !stream->failure && !stream->pending_frames;
    return st_ok();
}

/* Goes to a block that is far enough before `block`, and some rounds away from the one that was to come. */
static StStatus jump(MpegStream *stream, uint64_t block) {
    uint64_t coming = stream->decoded_end / stream->block_frames, begin, odd;
    stream->pending_frames = 0;
    if (block >= coming && block - coming <= stream->run_up_blocks) return st_ok();
    begin = block > stream->run_up_blocks ? block - stream->run_up_blocks : 0;
    odd = (begin - coming) % ROUND_BLOCKS;
    if (begin < odd + 1) return start(stream);
    stream->block_end_byte = 0;
    /* libmpg123 decodes one block before the one it is asked for, and does not give it. */
    if (mpg123_seek_frame(stream->mpeg, (off_t)(begin - odd) + 1, SEEK_SET) >= 0) return st_ok();
    return fail_with_input(stream) ? failure_status(stream) : start(stream);
}

StStatus mpeg_stream_seek(MpegStream *stream, uint64_t frame) {
    uint64_t block;
    StStatus status = st_ok();
    if (stream->input.io->seek == NULL) return st_error(ST_ERROR_UNSUPPORTED, "this input cannot seek");
    if (frame > INT64_MAX / 2 || (stream->total_frames && frame > stream->total_frames))
        return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%llu frames)", (unsigned long long)frame,
                        (unsigned long long)stream->total_frames);
    st_input_allow(&stream->input, UINT64_MAX);
    if (stream->failure) status = start(stream);
    if (status.code != ST_OK) return status;
    block = (stream->first_frame + frame) / stream->block_frames;
    status = jump(stream, block);
    stream->position = frame;
    stream->ended = stream->total_frames && frame == stream->total_frames;
    while (status.code == ST_OK && !stream->ended && !stream->pending_frames) {
        stream->position = frame;
        step(stream);
        if (stream->failure) return failure_status(stream);
    }
    if (status.code == ST_OK && stream->total_frames == 0 && stream->ended && frame > heard(stream))
        return st_error(ST_ERROR_INVALID_ARG, "frame %llu is behind the end (%llu frames)", (unsigned long long)frame,
                        (unsigned long long)heard(stream));
    return status;
}

void mpeg_stream_close(MpegStream *stream) {
    mpg123_delete(stream->mpeg);
    tags_free(&stream->tags);
}
