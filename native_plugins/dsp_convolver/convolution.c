/*
 * convolution.c: the direct sum, the spectra, and their products, spread evenly over the frames of a partition.
 */
#include "convolution.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static Lanes load(const float *at) {
    Lanes lanes;
    memcpy(&lanes, at, sizeof lanes);
    return lanes;
}

static void *aligned(size_t count, size_t size) {
    void *memory = count ? aligned_alloc(sizeof(Lanes), count * size) : NULL;
    if (memory) memset(memory, 0, count * size);
    return memory;
}

/* ---- the frequency domain ---- */

static void transform(const Convolution *conv, const float *window, Spectrum *out) {
    kiss_fft_cpx bins[BINS];
    float *re = (float *)out->re, *im = (float *)out->im;
    kiss_fftr(conv->forward, window, bins);
    for (uint32_t i = 0; i < BINS; i++) {
        re[i] = bins[i].r;
        im[i] = bins[i].i;
    }
}

static void transform_back(const Convolution *conv, const Spectrum *in, float *window) {
    kiss_fft_cpx bins[BINS];
    const float *re = (const float *)in->re, *im = (const float *)in->im;
    for (uint32_t i = 0; i < BINS; i++) {
        bins[i].r = re[i];
        bins[i].i = im[i];
    }
    kiss_fftri(conv->inverse, bins, window);
}

static void add_product(Spectrum *sum, const Spectrum *a, const Spectrum *b) {
    for (uint32_t i = 0; i < BIN_LANES; i++) {
        sum->re[i] += a->re[i] * b->re[i] - a->im[i] * b->im[i];
        sum->im[i] += a->re[i] * b->im[i] + a->im[i] * b->re[i];
    }
}

/* ---- the tail ----
 *
 * For a partition, the tail is the sum over n of (spectrum of tail partition n) * (window of the partition n + 1 before
 * it), from the last n, which is the quietest as a rule, to 0. All but n = 0 is known one partition ahead.
 */

/* The window of `ago` partitions before this one, from 1 on. */
static const Spectrum *heard(const Convolution *conv, const Voice *voice, uint32_t ago) {
    return &voice->past[(conv->newest + conv->tail_count - (ago - 1)) % conv->tail_count];
}

/* Sums for the next partition, in step with the frames of this one. */
static void sum_ahead(Convolution *conv) {
    uint32_t ahead = conv->tail_count ? conv->tail_count - 1 : 0;
    uint32_t due = (uint32_t)((uint64_t)ahead * conv->phase / PARTITION_FRAMES);
    for (; conv->summed < due; conv->summed++) {
        uint32_t n = ahead - conv->summed;
        for (uint32_t c = 0; c < conv->channels; c++) {
            Voice *voice = &conv->voices[c];
            add_product(&voice->sum, &voice->taps->tail[n], heard(conv, voice, n));
        }
    }
}

/* The window is complete: its spectrum joins the past, and the tail of the next partition can be told. */
static void turn_over(Convolution *conv) {
    conv->newest = conv->tail_count ? (conv->newest + 1) % conv->tail_count : 0;
    for (uint32_t c = 0; c < conv->channels; c++) {
        Voice *voice = &conv->voices[c];
        if (conv->tail_count) {
            transform(conv, voice->window, &voice->past[conv->newest]);
            add_product(&voice->sum, &voice->taps->tail[0], &voice->past[conv->newest]);
            transform_back(conv, &voice->sum, voice->tail);
            memset(&voice->sum, 0, sizeof voice->sum);
        }
        memcpy(voice->window, voice->window + PARTITION_FRAMES, PARTITION_FRAMES * sizeof(float));
    }
    conv->phase = conv->summed = 0;
}

/* ---- the head ---- */

/* The sum over the taps, last first, of input that ends at `last`; always in the same order. */
static float head_at(const Convolution *conv, const Taps *taps, const float *last) {
    const float *tap = taps->head + PARTITION_FRAMES - conv->head_taps, *x = last + 1 - conv->head_taps;
    Lanes a = {0}, b = {0}, c = {0}, d = {0};
    for (uint32_t i = 0; i < conv->head_taps; i += 4 * LANES) {
        a += load(tap + i) * load(x + i);
        b += load(tap + i + LANES) * load(x + i + LANES);
        c += load(tap + i + 2 * LANES) * load(x + i + 2 * LANES);
        d += load(tap + i + 3 * LANES) * load(x + i + 3 * LANES);
    }
    a = (a + b) + (c + d);
    return (a[0] + a[1]) + (a[2] + a[3]);
}

/* ---- the whole ---- */

uint32_t convolution_run_length(const Convolution *conv, uint32_t frames) {
    uint32_t left = PARTITION_FRAMES - conv->phase;
    return frames < left ? frames : left;
}

/* What nobody hears, and what is no number, is silence here. */
static void take_in(Convolution *conv, const float *input, uint32_t frames) {
    for (uint32_t c = 0; c < conv->channels; c++) {
        float *now = conv->voices[c].window + PARTITION_FRAMES + conv->phase;
        for (uint32_t i = 0; i < frames; i++) {
            float sample = input[(size_t)i * conv->channels + c], size = fabsf(sample);
            now[i] = size >= IMPULSE_TINY && size <= FLT_MAX ? sample : 0;
        }
    }
}

static void go_on(Convolution *conv, uint32_t frames) {
    conv->phase += frames;
    sum_ahead(conv);
    if (conv->phase == PARTITION_FRAMES) turn_over(conv);
}

void convolution_run(Convolution *conv, const float *input, uint32_t frames, float *out) {
    take_in(conv, input, frames);
    for (uint32_t c = 0; c < conv->channels; c++) {
        const Voice *voice = &conv->voices[c];
        const float *now = voice->window + PARTITION_FRAMES + conv->phase;
        const float *tail = voice->tail + PARTITION_FRAMES + conv->phase;
        float *to = out + (size_t)c * PARTITION_FRAMES;
        for (uint32_t i = 0; i < frames; i++) to[i] = head_at(conv, voice->taps, now + i) + tail[i];
    }
    go_on(conv, frames);
}

void convolution_recall(Convolution *conv, const float *past, uint32_t phase) {
    convolution_clear(conv);
    for (uint32_t n = 0; n < conv->tail_count + 1; n++, past += (size_t)PARTITION_FRAMES * conv->channels) {
        take_in(conv, past, PARTITION_FRAMES);
        if (n < conv->tail_count) conv->summed = conv->tail_count; /* a sum for what is past already: left out */
        go_on(conv, PARTITION_FRAMES);
    }
    take_in(conv, past, phase);
    go_on(conv, phase);
}

void convolution_clear(Convolution *conv) {
    conv->phase = conv->summed = conv->newest = 0;
    for (uint32_t c = 0; c < conv->channels; c++) {
        Voice *voice = &conv->voices[c];
        memset(voice->window, 0, sizeof voice->window);
        memset(voice->tail, 0, sizeof voice->tail);
        memset(&voice->sum, 0, sizeof voice->sum);
        if (voice->past) memset(voice->past, 0, conv->tail_count * sizeof *voice->past);
    }
}

/* ---- making it ---- */

/* `samples`: one channel of the impulse. The inverse transform's factor, a power of two, is in the spectra. */
static int prepare_taps(Convolution *conv, const float *samples, uint32_t frames, Taps *taps) {
    float window[WINDOW_FRAMES];
    for (uint32_t i = 0; i < PARTITION_FRAMES && i < frames; i++) taps->head[PARTITION_FRAMES - 1 - i] = samples[i];
    taps->tail = aligned(conv->tail_count, sizeof *taps->tail);
    if (taps->tail == NULL && conv->tail_count) return 0;
    for (uint32_t n = 0; n < conv->tail_count; n++) {
        uint32_t from = (n + 1) * PARTITION_FRAMES, left = frames - from;
        memset(window, 0, sizeof window);
        for (uint32_t i = 0; i < PARTITION_FRAMES && i < left; i++) window[i] = samples[from + i] / WINDOW_FRAMES;
        transform(conv, window, &taps->tail[n]);
    }
    return 1;
}

static int prepare(Convolution *conv, const Impulse *impulse) {
    conv->forward = kiss_fftr_alloc(WINDOW_FRAMES, 0, NULL, NULL);
    conv->inverse = kiss_fftr_alloc(WINDOW_FRAMES, 1, NULL, NULL);
    if (conv->forward == NULL || conv->inverse == NULL) return 0;
    for (; conv->taps_count < impulse->channels; conv->taps_count++) {
        const float *samples = impulse->samples + (size_t)conv->taps_count * impulse->frames;
        if (!prepare_taps(conv, samples, impulse->frames, &conv->taps[conv->taps_count])) return 0;
    }
    for (uint32_t c = 0; c < conv->channels; c++) {
        Voice *voice = &conv->voices[c];
        voice->taps = &conv->taps[c < conv->taps_count ? c : 0];
        voice->past = aligned(conv->tail_count, sizeof *voice->past);
        if (voice->past == NULL && conv->tail_count) return 0;
    }
    return 1;
}

Convolution *convolution_new(const Impulse *impulse, uint32_t channels) {
    Convolution *conv = aligned(1, sizeof *conv);
    uint32_t taps = impulse->frames < PARTITION_FRAMES ? impulse->frames : PARTITION_FRAMES, step = 4 * LANES;
    if (conv == NULL) return NULL;
    conv->channels = channels;
    conv->tail_count = (impulse->frames - 1) / PARTITION_FRAMES;
    conv->head_taps = (taps + step - 1) / step * step;
    if (prepare(conv, impulse)) return conv;
    convolution_free(conv);
    return NULL;
}

void convolution_free(Convolution *conv) {
    if (conv == NULL) return;
    for (uint32_t c = 0; c < MAX_CHANNELS; c++) {
        free(conv->taps[c].tail);
        free(conv->voices[c].past);
    }
    kiss_fftr_free(conv->forward);
    kiss_fftr_free(conv->inverse);
    free(conv);
}
