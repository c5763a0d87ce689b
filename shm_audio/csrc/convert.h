/*
 * convert.h: from a track's rate and channels to the pipeline's.
 *
 * Channels are mapped by position (order of WAVEFORMATEXTENSIBLE), folded down after ITU-R BS.775 and scaled so that a
 * full-scale source cannot clip; the rate is converted by libsoxr.
 */
#ifndef ST_SHM_CONVERT_H
#define ST_SHM_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#define ST_CONVERT_MAX_CHANNELS 32u

/* How carefully the rate is converted; numbers of Resampler in abi/wire/stage.py. */
typedef enum st_quality {
    ST_QUALITY_QUICK = 0, /* cubic interpolation: images and aliases are heard */
    ST_QUALITY_LOW = 1,
    ST_QUALITY_MEDIUM = 2,
    ST_QUALITY_HIGH = 3,
    ST_QUALITY_VERY_HIGH = 4
} st_quality;

typedef struct st_convert st_convert;

/*
 * Makes a converter for blocks of at most `max_in_frames`. mix_lfe: as in st_convert_matrix.
 * thread: any
 * realtime: no
 * owned: the converter is the caller's until st_convert_free
 * valid until: st_convert_free
 * errors: null; *out_error is then a static text
 */
st_convert *st_convert_make(uint32_t in_rate_hz, uint32_t in_channels, uint32_t out_rate_hz, uint32_t out_channels,
                            uint32_t max_in_frames, uint32_t quality, int mix_lfe, const char **out_error);

/*
 * Whether the converter changes nothing, so that the caller may skip it.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
int st_convert_is_identity(const st_convert *convert);

/*
 * Converts one block; null input means that no more will come, and is repeated until it gives nothing. *out_samples stays
 * the converter's, or is the input itself; the caller may change what is there.
 * thread: the converter's
 * realtime: no (libsoxr may allocate)
 * owned: the output is the converter's
 * valid until: the next call
 * errors: -1 when libsoxr fails
 */
int64_t st_convert_run(st_convert *convert, float *samples, uint32_t frames, float **out_samples);

/*
 * The matrix that maps channels, out_channels rows of in_channels gains; for tests and for people. mix_lfe: an output
 * without a low-frequency channel gets it at -3 dB in both fronts; else it is left out there, as BS.775 has it.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_convert_matrix(uint32_t in_channels, uint32_t out_channels, int mix_lfe, float *gains);

/*
 * Frees it; null is fine.
 * thread: any
 * realtime: no
 * owned: the converter is gone
 * valid until: return
 * errors: none
 */
void st_convert_free(st_convert *convert);

#endif
