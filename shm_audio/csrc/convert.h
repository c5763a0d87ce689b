/*
 * convert.h: from a track's rate and channels to the pipeline's.
 *
 * Channels are mapped by position (order of WAVEFORMATEXTENSIBLE), folded down after ITU-R BS.775 and scaled so that a
 * full-scale source cannot clip; the rate is converted by libsoxr at very high quality.
 */
#ifndef ST_SHM_CONVERT_H
#define ST_SHM_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#define ST_CONVERT_MAX_CHANNELS 32u

typedef struct st_convert st_convert;

/*
 * Makes a converter for blocks of at most `max_in_frames`.
 * thread: any
 * realtime: no
 * owned: the converter is the caller's until st_convert_free
 * valid until: st_convert_free
 * errors: null; *out_error is then a static text
 */
st_convert *st_convert_make(uint32_t in_rate_hz, uint32_t in_channels, uint32_t out_rate_hz, uint32_t out_channels,
                            uint32_t max_in_frames, const char **out_error);

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
 * The matrix that maps channels, out_channels rows of in_channels gains; for tests and for people.
 * thread: any
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_convert_matrix(uint32_t in_channels, uint32_t out_channels, float *gains);

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
