/*
 * input.h: a container that libavformat reads through the host's io functions, and nothing else: no file, no network.
 *
 * Only containers of the list in input.c are opened, so that none which names other files is among them.
 */
#ifndef DECODER_FFMPEG_INPUT_H
#define DECODER_FFMPEG_INPUT_H

#include <libavformat/avformat.h>
#include <stellatune_sdk.h>

#define INPUT_TEXT_BYTES 200
#define INPUT_EXTENSION_BYTES 12

typedef struct Input {
    const StIoVTable *io;
    void *io_handle;
    char name[8 + INPUT_EXTENSION_BYTES]; /* with the extension that the host told: a hint for formats without a mark */

    AVFormatContext *format;
    AVIOContext *bytes;
    int32_t failure; /* StStatusCode of an io call that failed inside libavformat */
    char failure_text[INPUT_TEXT_BYTES];
} Input;

/* What the host gave; opens nothing yet. */
void input_init(Input *input, StDecoderOpenArgs args);

/* Opens the container at the first byte and looks at its streams; on failure nothing is open. */
StStatus input_open(Input *input);

/* The failure as a status. */
StStatus input_failure(const Input *input);

/* Twice is fine. */
void input_close(Input *input);

#endif
