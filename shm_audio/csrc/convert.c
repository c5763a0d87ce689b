/*
 * convert.c: channel matrix and rate conversion in a row; the one with fewer channels behind it goes first.
 */
#include "convert.h"

#include "cubic.h"

#include <soxr.h>
#include <stdlib.h>

struct st_convert {
    uint32_t in_rate_hz, out_rate_hz, in_channels, out_channels;
    int mix_first;
    soxr_t soxr;           /* both null when the rate stays */
    st_cubic *cubic;
    uint32_t max_in_frames;
    size_t max_out_frames; /* of one st_convert_run */
    float *mixed;          /* behind the matrix */
    float *resampled;      /* behind libsoxr, or the cubic */
    float gains[ST_CONVERT_MAX_CHANNELS * ST_CONVERT_MAX_CHANNELS];
};

/* Output frames of a period up to which libsoxr keeps exact time at any quality. */
#define MOST_EXACT_FRAMES 2047u

/* The greatest common divisor. */
static uint32_t common(uint32_t a, uint32_t b) {
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/*
 * libsoxr's name of a quality. Where the rates have no short period its lower qualities count time in steps of 2^-32
 * frames, so that a successor drifts away from its forerunner; high quality has a clock without that.
 */
static unsigned long recipe_of(uint32_t quality, uint32_t period_frames) {
    if (quality == ST_QUALITY_VERY_HIGH) return SOXR_VHQ;
    if (quality == ST_QUALITY_HIGH || period_frames > MOST_EXACT_FRAMES) return SOXR_HQ;
    return quality == ST_QUALITY_MEDIUM ? SOXR_MQ : SOXR_LQ;
}

static int make_resampler(st_convert *c, uint32_t quality, uint32_t channels, const char **out_error) {
    uint32_t shared = common(c->in_rate_hz, c->out_rate_hz);
    soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    soxr_quality_spec_t recipe = soxr_quality_spec(recipe_of(quality, c->out_rate_hz / shared), SOXR_HI_PREC_CLOCK);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    soxr_error_t error;
    if (c->in_rate_hz == c->out_rate_hz) return 0;
    c->resampled = malloc(c->max_out_frames * channels * sizeof(float));
    if (c->resampled == NULL) return -1;
    if (quality == ST_QUALITY_QUICK) {
        c->cubic = st_cubic_make(c->in_rate_hz / shared, c->out_rate_hz / shared, channels, c->max_in_frames);
        return c->cubic ? 0 : -1;
    }
    c->soxr = soxr_create(c->in_rate_hz, c->out_rate_hz, channels, &error, &io, &recipe, &runtime);
    if (c->soxr) return 0;
    *out_error = error ? error : "libsoxr refuses these rates";
    return -1;
}

static int make_mixed(st_convert *c) {
    size_t frames = c->mix_first ? c->max_in_frames : c->max_out_frames;
    if (c->in_channels == c->out_channels) return 0;
    c->mixed = malloc(frames * c->out_channels * sizeof(float));
    return c->mixed ? 0 : -1;
}

st_convert *st_convert_make(uint32_t in_rate_hz, uint32_t in_channels, uint32_t out_rate_hz, uint32_t out_channels,
                            uint32_t max_in_frames, uint32_t quality, int mix_lfe, const char **out_error) {
    st_convert *c;
    uint32_t resampled_channels = in_channels < out_channels ? in_channels : out_channels;
    *out_error = "out of memory";
    if (in_channels == 0 || in_channels > ST_CONVERT_MAX_CHANNELS || out_channels == 0 ||
        out_channels > ST_CONVERT_MAX_CHANNELS || in_rate_hz == 0 || out_rate_hz == 0 || max_in_frames == 0) {
        *out_error = "rate or number of channels is out of range";
        return NULL;
    }
    if (quality > ST_QUALITY_VERY_HIGH) {
        *out_error = "no such quality of conversion";
        return NULL;
    }
    c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->in_rate_hz = in_rate_hz;
    c->out_rate_hz = out_rate_hz;
    c->in_channels = in_channels;
    c->out_channels = out_channels;
    c->mix_first = out_channels <= in_channels;
    c->max_in_frames = max_in_frames;
    c->max_out_frames = (size_t)(((double)max_in_frames + 3) * out_rate_hz / in_rate_hz) + 64;
    st_convert_matrix(in_channels, out_channels, mix_lfe, c->gains);
    if (make_mixed(c) != 0 || make_resampler(c, quality, resampled_channels, out_error) != 0) {
        st_convert_free(c);
        return NULL;
    }
    return c;
}

static int keeps_rate(const st_convert *c) { return c->soxr == NULL && c->cubic == NULL; }

int st_convert_is_identity(const st_convert *c) { return keeps_rate(c) && c->in_channels == c->out_channels; }

static float *mix(st_convert *c, float *samples, size_t frames) {
    if (c->in_channels == c->out_channels) return samples;
    for (size_t f = 0; f < frames; f++) {
        const float *in = samples + f * c->in_channels;
        float *out = c->mixed + f * c->out_channels;
        for (uint32_t o = 0; o < c->out_channels; o++) {
            const float *row = c->gains + o * c->in_channels;
            float sum = 0.0f;
            for (uint32_t i = 0; i < c->in_channels; i++) sum += row[i] * in[i];
            out[o] = sum;
        }
    }
    return c->mixed;
}

static int64_t resample(st_convert *c, const float *samples, uint32_t frames) {
    size_t taken = 0, made = 0;
    if (c->cubic) return (int64_t)st_cubic_run(c->cubic, samples, frames, c->resampled);
    if (soxr_process(c->soxr, samples, samples ? frames : 0, &taken, c->resampled, c->max_out_frames, &made)) return -1;
    if (samples && taken != frames) return -1;
    return (int64_t)made;
}

int64_t st_convert_run(st_convert *c, float *samples, uint32_t frames, float **out_samples) {
    int64_t made = samples ? frames : 0;
    if (frames > c->max_in_frames) return -1;
    if (c->mix_first && samples) samples = mix(c, samples, frames);
    if (!keeps_rate(c)) {
        made = resample(c, samples, frames);
        if (made < 0) return -1;
        samples = c->resampled;
    }
    if (!c->mix_first && made > 0) samples = mix(c, samples, (size_t)made);
    *out_samples = samples;
    return made;
}

void st_convert_free(st_convert *c) {
    if (c == NULL) return;
    if (c->soxr) soxr_delete(c->soxr);
    st_cubic_free(c->cubic);
    free(c->mixed);
    free(c->resampled);
    free(c);
}
