/*
 * wav.h: the WAV container (RF64 above 4 GiB).
 */
#ifndef SINK_FILE_WAV_H
#define SINK_FILE_WAV_H

#include "recording.h"

extern const Container wav_container;

#endif
