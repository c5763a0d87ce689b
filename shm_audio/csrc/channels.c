/*
 * channels.c: the gains by which one channel layout becomes another.
 *
 * Source of the fold-down gains: ITU-R BS.775-3, annex 4 (centre and surround at -3 dB, LFE left out). The standard leaves
 * open what is done about sums above full scale. Here all gains are divided by the greatest sum of a row, as ffmpeg does
 * for integers: nothing can clip, whatever the source holds, and the balance of the channels is the standard's.
 */
#include <string.h>

#include "convert.h"

enum { FL, FR, FC, LFE, BL, BR, BC, SL, SR, POSITIONS };

#define MINUS_3_DB 0.70710678f

/* Positions per number of channels; counts beyond eight have none. */
static const signed char LAYOUTS[9][8] = {
    {-1},
    {FC},
    {FL, FR},
    {FL, FR, FC},
    {FL, FR, BL, BR},
    {FL, FR, FC, BL, BR},
    {FL, FR, FC, LFE, BL, BR},
    {FL, FR, FC, LFE, BC, SL, SR},
    {FL, FR, FC, LFE, BL, BR, SL, SR},
};

/* Where a position goes that the output lacks: pairs are tried in turn, the first that exists takes it. */
typedef struct fold {
    signed char to[2];
    float gain;
} fold;

#define MOST_FOLDS 4

static const fold FOLDS[POSITIONS][MOST_FOLDS] = {
    [FL] = {{{FC, FC}, MINUS_3_DB}},
    [FR] = {{{FC, FC}, MINUS_3_DB}},
    [FC] = {{{FL, FR}, MINUS_3_DB}},
    [LFE] = {{{FL, FR}, MINUS_3_DB}, {{FC, FC}, 1.0f}}, /* where it is mixed at all */
    [BL] = {{{SL, SL}, 1.0f}, {{FL, FL}, MINUS_3_DB}, {{FC, FC}, 0.5f}},
    [BR] = {{{SR, SR}, 1.0f}, {{FR, FR}, MINUS_3_DB}, {{FC, FC}, 0.5f}},
    [BC] = {{{BL, BR}, MINUS_3_DB}, {{SL, SR}, MINUS_3_DB}, {{FL, FR}, 0.5f}, {{FC, FC}, MINUS_3_DB}},
    [SL] = {{{BL, BL}, 1.0f}, {{FL, FL}, MINUS_3_DB}, {{FC, FC}, 0.5f}},
    [SR] = {{{BR, BR}, 1.0f}, {{FR, FR}, MINUS_3_DB}, {{FC, FC}, 0.5f}},
};

static int find(const signed char *layout, uint32_t channels, int position) {
    for (uint32_t i = 0; i < channels; i++)
        if (layout[i] == position) return (int)i;
    return -1;
}

static void place(uint32_t in, uint32_t in_channels, uint32_t out_channels, int mix_lfe, float *gains) {
    const signed char *to = LAYOUTS[out_channels];
    int position = LAYOUTS[in_channels][in], at = find(to, out_channels, position);
    if (at >= 0) {
        gains[(uint32_t)at * in_channels + in] = 1.0f;
        return;
    }
    if (position == LFE && !mix_lfe) return;
    for (int i = 0; i < MOST_FOLDS && FOLDS[position][i].gain != 0.0f; i++) {
        const fold *f = &FOLDS[position][i];
        int first = find(to, out_channels, f->to[0]), second = find(to, out_channels, f->to[1]);
        /* A single-channel source is the programme itself, not a centre: it keeps its level in both fronts. */
        float gain = in_channels == 1 ? 1.0f : f->gain;
        if (first < 0 || second < 0) continue;
        gains[(uint32_t)first * in_channels + in] = gain;
        gains[(uint32_t)second * in_channels + in] = gain;
        return;
    }
}

static void keep_below_full_scale(uint32_t in_channels, uint32_t out_channels, float *gains) {
    float most = 1.0f;
    for (uint32_t o = 0; o < out_channels; o++) {
        float sum = 0.0f;
        for (uint32_t i = 0; i < in_channels; i++) sum += gains[o * in_channels + i];
        if (sum > most) most = sum;
    }
    if (most > 1.0f)
        for (uint32_t i = 0; i < in_channels * out_channels; i++) gains[i] /= most;
}

void st_convert_matrix(uint32_t in_channels, uint32_t out_channels, int mix_lfe, float *gains) {
    memset(gains, 0, (size_t)in_channels * out_channels * sizeof *gains);
    if (in_channels == out_channels || in_channels > 8 || out_channels > 8) {
        for (uint32_t i = 0; i < in_channels && i < out_channels; i++) gains[i * in_channels + i] = 1.0f;
        return;
    }
    for (uint32_t i = 0; i < in_channels; i++) place(i, in_channels, out_channels, mix_lfe, gains);
    keep_below_full_scale(in_channels, out_channels, gains);
}
