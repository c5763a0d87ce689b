/*
 * input.c: libavformat over the host's io functions, with limits on what a file may make it do.
 */
#include "input.h"

#include <libavcodec/avcodec.h>
#include <libavutil/avstring.h>
#include <pthread.h>

#define BUFFER_BYTES 32768
/* How much of a file may be read to learn what it is, and how much of its time. */
#define PROBE_BYTES (2 << 20)
#define PROBE_TIME (5 * AV_TIME_BASE)
#define LIST_BYTES 16384

/* Containers that hold their audio themselves. Those that name other files (play lists, manifests) are not here. */
static const char CONTAINERS[] =
    "3dostr,aac,ac3,aea,afc,aiff,amr,amrnb,amrwb,ape,apm,asf,ast,au,avi,bfstm,bonk,brstm,caf,codec2,daud,dsf,dts,"
    "dtshd,eac3,epaf,flac,flv,g722,gsm,hca,hcom,iff,ircam,kvag,laf,libgme,libmodplug,libopenmpt,loas,matroska,mlp,"
    "mmf,mov,mp3,mpc,mpc8,mpeg,mpegts,msf,nistsphere,nut,ogg,oma,osq,paf,pvf,qcp,qoa,rm,rso,sbc,sds,shn,sln,sol,sox,"
    "spdif,svag,tak,truehd,tta,vag,voc,vpk,vqf,w64,wav,wsd,wtv,wv,wve,xa,xvag,xwma";

ST_SDK_PRINTF(3, 4) static void keep_failure(Input *input, int32_t code, const char *format, ...) {
    va_list args;
    if (input->failure) return;
    input->failure = code == ST_ERROR_CANCELLED ? ST_ERROR_CANCELLED : ST_ERROR_IO;
    va_start(args, format);
    vsnprintf(input->failure_text, sizeof input->failure_text, format, args);
    va_end(args);
}

static int read_bytes(void *opaque, uint8_t *out, int wanted) {
    Input *input = opaque;
    size_t got = 0;
    StStatus status;
    if (st_cancelled()) keep_failure(input, ST_ERROR_CANCELLED, "decoding was cancelled");
    if (input->failure) return AVERROR_EXIT;
    status = input->io->read(input->io_handle, out, (size_t)wanted, &got);
    if (status.code != ST_OK || got > (size_t)wanted) {
        keep_failure(input, status.code, "the input cannot be read%s%.*s", status.message.len ? ": " : "",
                     (int)(status.message.len > 150 ? 150 : status.message.len),
                     status.message.len ? status.message.ptr : "");
        return AVERROR_EXTERNAL;
    }
    return got ? (int)got : AVERROR_EOF;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence) {
    Input *input = opaque;
    uint64_t position = 0;
    uint32_t from = (uint32_t)(whence & 3); /* SEEK_SET, SEEK_CUR and SEEK_END are ours, too */
    if (whence & AVSEEK_SIZE) {
        if (input->io->size == NULL || input->io->size(input->io_handle, &position).code != ST_OK)
            return AVERROR(ENOSYS);
    } else if (input->io->seek(input->io_handle, offset, from, &position).code != ST_OK) {
        return AVERROR(EINVAL);
    }
    return position > INT64_MAX ? AVERROR(EINVAL) : (int64_t)position;
}

static int refuse_to_open(AVFormatContext *format, AVIOContext **out, const char *url, int flags,
                          AVDictionary **options) {
    (void)format;
    (void)url;
    (void)flags;
    (void)options;
    *out = NULL;
    return AVERROR(EPERM);
}

static int is_interrupted(void *opaque) {
    return ((Input *)opaque)->failure || st_cancelled();
}

static char audio_decoders[LIST_BYTES];
static pthread_once_t listed = PTHREAD_ONCE_INIT;

/* The names of all audio decoders: libavformat, which decodes a little to learn of its streams, is to try no other. */
static void list_audio_decoders(void) {
    size_t used = 0;
    void *at = NULL;
    const AVCodec *codec;
    while ((codec = av_codec_iterate(&at)) != NULL) {
        if (codec->type != AVMEDIA_TYPE_AUDIO || !av_codec_is_decoder(codec)) continue;
        if (used + strlen(codec->name) + 2 > LIST_BYTES) break;
        used += (size_t)snprintf(audio_decoders + used, LIST_BYTES - used, "%s%s", used ? "," : "", codec->name);
    }
}

static int make_contexts(Input *input) {
    uint8_t *buffer = av_malloc(BUFFER_BYTES);
    if (buffer)
        input->bytes = avio_alloc_context(buffer, BUFFER_BYTES, 0, input, read_bytes, NULL,
                                          input->io->seek ? seek_bytes : NULL);
    if (input->bytes == NULL) {
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    input->bytes->seekable = input->io->seek ? AVIO_SEEKABLE_NORMAL : 0;
    input->format = avformat_alloc_context();
    if (input->format == NULL) return AVERROR(ENOMEM);
    input->format->pb = input->bytes;
    input->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    input->format->io_open = refuse_to_open;
    input->format->interrupt_callback = (AVIOInterruptCB){is_interrupted, input};
    input->format->probesize = PROBE_BYTES;
    input->format->max_analyze_duration = PROBE_TIME;
    input->format->format_whitelist = av_strdup(CONTAINERS);
    input->format->protocol_whitelist = av_strdup("");
    pthread_once(&listed, list_audio_decoders);
    input->format->codec_whitelist = av_strdup(audio_decoders);
    return input->format->format_whitelist && input->format->protocol_whitelist && input->format->codec_whitelist
               ? 0
               : AVERROR(ENOMEM);
}

/* MP4 is asked for the length of a track in its own time; edit lists have a coarser one. What is cut says ending.c. */
static int open_container(Input *input) {
    AVDictionary *options = NULL;
    int result = av_dict_set(&options, "advanced_editlist", "0", 0);
    if (result >= 0) result = avformat_open_input(&input->format, input->name, NULL, &options);
    av_dict_free(&options);
    if (result < 0) return result;
    for (unsigned i = 0; i < input->format->nb_streams; i++)
        if (input->format->streams[i]->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
            input->format->streams[i]->discard = AVDISCARD_ALL;
    return avformat_find_stream_info(input->format, NULL);
}

void input_init(Input *input, StDecoderOpenArgs args) {
    StStr extension = args.ext_utf8;
    int plain = extension.len > 0 && extension.len < INPUT_EXTENSION_BYTES;
    for (size_t i = 0; plain && i < extension.len; i++)
        plain = av_isgraph(extension.ptr[i]) && strchr("./\\%:", extension.ptr[i]) == NULL;
    input->io = args.io_vtable;
    input->io_handle = args.io_handle;
    snprintf(input->name, sizeof input->name, "input%s%.*s", plain ? "." : "", plain ? (int)extension.len : 0,
             plain ? extension.ptr : "");
}

StStatus input_failure(const Input *input) {
    return st_error(input->failure, "%s", input->failure_text);
}

StStatus input_open(Input *input) {
    char why[AV_ERROR_MAX_STRING_SIZE] = "";
    StStatus status = st_ok();
    uint64_t position = 0;
    int result;
    input->failure = 0;
    if (input->io->seek && input->io->seek(input->io_handle, 0, ST_SEEK_START, &position).code != ST_OK)
        return st_error(ST_ERROR_IO, "the input cannot be rewound");
    result = make_contexts(input);
    if (result >= 0) result = open_container(input);
    if (result >= 0 && !input->failure) return st_ok();
    av_strerror(result, why, sizeof why);
    if (input->failure) status = input_failure(input);
    else if (result == AVERROR(ENOMEM)) status = st_error(ST_ERROR_INTERNAL, "no memory for the container");
    else status = st_error(ST_ERROR_UNSUPPORTED, "FFmpeg does not know this file: %s", why);
    input_close(input);
    return status;
}

void input_close(Input *input) {
    avformat_close_input(&input->format);
    if (input->bytes) av_freep(&input->bytes->buffer);
    avio_context_free(&input->bytes);
}
