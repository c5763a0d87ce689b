/*
 * numbering.h: a decoder, an effect with state and a sink that make, pass on and check numbered frames.
 */
#ifndef ST_SANITIZE_NUMBERING_H
#define ST_SANITIZE_NUMBERING_H

#include <stdatomic.h>

#include <stellatune/stellatune.h>

/* One instance of any of the three. */
typedef struct numbering {
    const StHostVTable *host;
    uint64_t state;   /* of chance */
    uint64_t next;    /* position of the next frame */
    uint64_t end;     /* decoder: none from here on */
    uint32_t effects; /* that the frames have passed before */
    uint32_t knows;   /* effect: `next` is known; else the first frame tells */
    uint64_t exported;
    const _Atomic uint64_t *acts; /* decoder: what the host has done so far; it does not run away from that */
} numbering;

extern const StDecoderInstanceVTable numbering_decoder;
extern const StDspInstanceVTable numbering_dsp;
extern const StOutputSinkInstanceVTable numbering_sink;

#endif
