/*
 * trim.h: the output's own gain; a change of it is a straight line of 10 ms over the frames that are written.
 */
#ifndef SINK_FILE_TRIM_H
#define SINK_FILE_TRIM_H

#include <stddef.h>
#include <stdint.h>

#define TRIM_LEAST_DB (-60.0)
#define TRIM_MOST_DB 24.0

typedef struct Trim {
    float from;
    float target;
    uint32_t frames; /* length of the line */
    uint32_t done;   /* frames of it that are behind */
} Trim;

/* Stands at the target, which 10^(db/20) gives. */
void trim_set(Trim *trim, double db);

/* Goes to that gain from wherever it is, in 10 ms; stays on its way if it goes there already. */
void trim_to(Trim *trim, double db, uint32_t sample_rate_hz);

/* Whether every sample stays as it is, to the bit. */
int trim_is_identity(const Trim *trim);

/* Scales frames from `samples` to `out_samples` and moves on; the gain depends on the number of the frame only. */
void trim_run(Trim *trim, const float *samples, float *out_samples, size_t frames, uint32_t channels);

#endif
