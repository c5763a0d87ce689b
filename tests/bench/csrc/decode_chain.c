/*
 * decode_chain.c: decoder, two effects and file sink in one process: what `stellatune render` does, without isolation.
 *
 * decode_chain DECODER_LIB DECODER_TYPE MEDIA GAIN_LIB GAIN_CONFIG EQ_LIB EQ_CONFIG SINK_LIB SINK_CONFIG OUT_FILE
 * Prints the frames written.
 */
#include "plugin.h"

#include <fcntl.h>
#include <unistd.h>

#include "file_io.h"

#define BLOCK_FRAMES 512u
#define CHUNK_FRAMES 4096u /* as much as the worker's decode pump asks for */

static int out_fd = -1;

/* The sink asks for its file by the path that its target names. */
static StStatus take_file(void *user_data, StStr value, int32_t *out_file) {
    (void)user_data;
    (void)value;
    *out_file = dup(out_fd);
    return (StStatus){.code = *out_file < 0 ? ST_ERROR_IO : ST_OK};
}

static const StHostVTable host = {.api_version = STELLATUNE_API_VERSION, .take_file = take_file};

typedef struct chain {
    StDecoderInstanceRef decoder;
    StDspInstanceRef effects[2];
    StOutputSinkInstanceRef sink;
    StAudioSpec spec;
    float *samples;
} chain;

static void open_decoder(chain *c, const char *library, const char *type, st_file_io *io, const char *media) {
    StDecoderInfo info;
    StDecoderOpenArgs args = {.path_utf8 = bench_str(media), .ext_utf8 = bench_str(type), .io_vtable = st_file_io_table()};
    args.io_handle = io;
    memset(&c->decoder, 0, sizeof c->decoder);
    memset(&info, 0, sizeof info);
    bench_ok(bench_load(library, &host)->create_decoder_instance(bench_str(type), bench_str("{}"), &c->decoder), "decoder");
    bench_ok(c->decoder.vtable->open(c->decoder.handle, args), "open the input");
    bench_ok(c->decoder.vtable->get_info(c->decoder.handle, &info), "get_info");
    c->spec = info.spec;
}

static void open_sink(chain *c, const char *library, const char *config, const char *path) {
    char target[4200];
    snprintf(target, sizeof target, "{\"path\": \"%s\"}", path);
    memset(&c->sink, 0, sizeof c->sink);
    out_fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (out_fd < 0) bench_die(path);
    bench_ok(bench_load(library, &host)->create_output_sink_instance(bench_str("file"), bench_str(config), &c->sink), "sink");
    bench_ok(c->sink.vtable->open(c->sink.handle, bench_str(target), c->spec, 0), "open the output");
}

/* Fills the chunk unless the source ends. */
static uint32_t read_chunk(chain *c, uint8_t *ended) {
    uint32_t have = 0;
    while (have < CHUNK_FRAMES && !*ended) {
        uint32_t got = 0;
        bench_ok(c->decoder.vtable->read_interleaved_f32(c->decoder.handle, CHUNK_FRAMES - have,
                                                         c->samples + (size_t)have * c->spec.channels, &got, ended),
                 "decode");
        have += got;
    }
    return have;
}

static void process(chain *c, uint32_t frames) {
    size_t channels = c->spec.channels;
    for (uint32_t at = 0; at < frames; at += BLOCK_FRAMES) {
        float *block = c->samples + at * channels;
        if (frames - at < BLOCK_FRAMES) memset(block + (frames - at) * channels, 0, (BLOCK_FRAMES - (frames - at)) * channels * sizeof *block);
        for (int i = 0; i < 2; i++)
            bench_ok(c->effects[i].vtable->process_interleaved_f32_in_place(c->effects[i].handle, block, BLOCK_FRAMES), "process");
    }
}

static void write_chunk(chain *c, uint32_t frames) {
    for (uint32_t at = 0; at < frames;) {
        uint32_t accepted = 0;
        bench_ok(c->sink.vtable->write_interleaved_f32(c->sink.handle, frames - at, c->spec.channels,
                                                       c->samples + (size_t)at * c->spec.channels, &accepted),
                 "write");
        at += accepted;
    }
}

int main(int argc, char **argv) {
    chain c;
    st_file_io io = {.fd = -1};
    uint64_t frames = 0;
    uint8_t ended = 0;
    if (argc != 11) return 2;
    io.fd = open(argv[3], O_RDONLY | O_CLOEXEC);
    if (io.fd < 0) bench_die(argv[3]);
    open_decoder(&c, argv[1], argv[2], &io, argv[3]);
    c.effects[0] = bench_dsp(argv[4], &host, "gain", argv[5], c.spec.sample_rate_hz, c.spec.channels);
    c.effects[1] = bench_dsp(argv[6], &host, "equalizer", argv[7], c.spec.sample_rate_hz, c.spec.channels);
    open_sink(&c, argv[8], argv[9], argv[10]);
    c.samples = calloc((size_t)CHUNK_FRAMES * c.spec.channels, sizeof *c.samples);
    if (c.samples == NULL) bench_die("memory");
    while (!ended) {
        uint32_t got = read_chunk(&c, &ended);
        process(&c, got);
        write_chunk(&c, got);
        frames += got;
    }
    if (c.sink.vtable->flush) bench_ok(c.sink.vtable->flush(c.sink.handle), "flush");
    c.sink.vtable->close(c.sink.handle);
    bench_emit(&frames, 1);
    return 0;
}
