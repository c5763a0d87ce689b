/*
 * harness.c: one of our decoders in a process of its own, for inputs that are not well formed.
 *
 * Input: a header of two 32-bit numbers (bytes of the file, 1 if it can seek) and the file. Answer: four 32-bit
 * numbers (status, bytes of tags, bytes that were read in MiB rounded up, milliseconds) and the tags. Built with
 * sanitizers from the plugin's own sources; what they find ends the process. Ends with its input.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stellatune/stellatune.h>

#define BLOCK_FRAMES 4096

typedef struct Input {
    const uint8_t *bytes;
    uint64_t size, at, given;
} Input;

extern const StPluginModule *stellatune_plugin_entry(const StHostVTable *host);

static StStatus input_read(void *handle, uint8_t *out, size_t len, size_t *out_read) {
    Input *input = handle;
    size_t left = input->at < input->size ? (size_t)(input->size - input->at) : 0, n = len < left ? len : left;
    if (n) memcpy(out, input->bytes + input->at, n);
    input->at += n;
    input->given += n;
    *out_read = n;
    return (StStatus){0};
}

static StStatus input_size(void *handle, uint64_t *out_size) {
    *out_size = ((Input *)handle)->size;
    return (StStatus){0};
}

static StStatus input_seek(void *handle, int64_t offset, uint32_t whence, uint64_t *out_position) {
    Input *input = handle;
    int64_t base = whence == ST_SEEK_CURRENT ? (int64_t)input->at : whence == ST_SEEK_END ? (int64_t)input->size : 0;
    int64_t target;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) return (StStatus){.code = ST_ERROR_INVALID_ARG};
    input->at = *out_position = (uint64_t)target;
    return (StStatus){0};
}

static void free_text(const StPluginModule *module, StStr text) {
    if (text.ptr) module->plugin_free((void *)text.ptr, text.len, 1);
}

static int32_t done(const StPluginModule *module, StStatus status) {
    free_text(module, status.message);
    return status.code;
}

/* Everything a scan does, and the first block of a play. */
static int32_t try_file(const StPluginModule *module, const char *type, Input *input, int seeks, StStr *out_tags) {
    StIoVTable io = {input_read, seeks ? input_seek : NULL, NULL, seeks ? input_size : NULL};
    StDecoderOpenArgs args = {{"file", 4}, {"", 0}, &io, input};
    StStr name = {type, strlen(type)}, config = {"{}", 2};
    StDecoderInstanceRef decoder = {0};
    StDecoderInfo info = {0};
    int32_t code = done(module, module->create_decoder_instance(name, config, &decoder));
    if (code != ST_OK) return code;
    code = done(module, decoder.vtable->open(decoder.handle, args));
    if (code == ST_OK) code = done(module, decoder.vtable->get_info(decoder.handle, &info));
    if (code == ST_OK) code = done(module, decoder.vtable->get_metadata_json_utf8(decoder.handle, out_tags));
    if (code == ST_OK && info.spec.channels && info.spec.channels <= 64) {
        float *block = malloc(sizeof(float) * BLOCK_FRAMES * info.spec.channels);
        uint32_t frames = 0;
        uint8_t eof = 0;
        if (block) done(module, decoder.vtable->read_interleaved_f32(decoder.handle, BLOCK_FRAMES, block, &frames, &eof));
        free(block);
    }
    decoder.vtable->instance.destroy(decoder.handle);
    return code;
}

static uint32_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

int main(int count, char **words) {
    static const StHostVTable host = {.api_version = STELLATUNE_API_VERSION};
    const StPluginModule *module = stellatune_plugin_entry(&host);
    uint32_t head[2];
    if (count != 2 || module == NULL) return 2;
    while (fread(head, sizeof head, 1, stdin) == 1) {
        uint8_t *bytes = malloc(head[0] ? head[0] : 1); /* of its own size, so that a byte too far is seen */
        Input input = {bytes, head[0], 0, 0};
        StStr tags = {NULL, 0};
        uint32_t answer[4], began_ms = now_ms();
        if (bytes == NULL || (head[0] && fread(bytes, head[0], 1, stdin) != 1)) return 2;
        answer[0] = (uint32_t)try_file(module, words[1], &input, head[1] != 0, &tags);
        answer[1] = (uint32_t)tags.len;
        answer[2] = (uint32_t)((input.given + (1u << 20) - 1) >> 20);
        answer[3] = now_ms() - began_ms;
        fwrite(answer, sizeof answer, 1, stdout);
        if (tags.len) fwrite(tags.ptr, tags.len, 1, stdout);
        fflush(stdout);
        free_text(module, tags);
        free(bytes);
    }
    return 0;
}
