/*
 * blend.c: gain and mix -> two factors, and the line between two pairs of them.
 */
#include "blend.h"

#include <math.h>

#define RAMPS_PER_SECOND 100u
#define MOST_WET 10.0f /* 20 dB */

static Shares shares_of(double gain_db, double mix) {
    Shares shares = {(float)(1.0 - mix), (float)(mix * pow(10.0, gain_db / 20.0))};
    return shares;
}

static float on_line(float from, float target, double share) { return (float)(from + ((double)target - from) * share); }

static Shares shares_at(const Blend *blend, uint32_t done) {
    double share = (double)done / blend->ramp_frames;
    Shares shares = {on_line(blend->from.dry, blend->target.dry, share),
                     on_line(blend->from.wet, blend->target.wet, share)};
    return done >= blend->ramp_frames ? blend->target : shares;
}

void blend_init(Blend *blend, uint32_t sample_rate_hz, double gain_db, double mix) {
    uint32_t frames = sample_rate_hz / RAMPS_PER_SECOND;
    blend->ramp_frames = blend->ramp_done = frames ? frames : 1;
    blend->from = blend->target = shares_of(gain_db, mix);
}

void blend_to(Blend *blend, double gain_db, double mix) {
    Shares target = shares_of(gain_db, mix);
    if (target.dry == blend->target.dry && target.wet == blend->target.wet) return;
    blend->from = shares_at(blend, blend->ramp_done);
    blend->target = target;
    blend->ramp_done = 0;
}

void blend_settle(Blend *blend) { blend->ramp_done = blend->ramp_frames; }

Shares blend_next(Blend *blend) {
    if (blend->ramp_done < blend->ramp_frames) blend->ramp_done++;
    return shares_at(blend, blend->ramp_done);
}

/* No number is in no range. */
static int shares_are_sound(Shares shares) {
    return shares.dry >= 0 && shares.dry <= 1 && shares.wet >= 0 && shares.wet <= MOST_WET;
}

int blend_is_sound(const Blend *blend) {
    return blend->ramp_done <= blend->ramp_frames && shares_are_sound(blend->from) && shares_are_sound(blend->target);
}
