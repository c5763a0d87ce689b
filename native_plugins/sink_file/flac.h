/*
 * flac.h: the FLAC container - raw frames first, encoded when the file is completed.
 */
#ifndef SINK_FILE_FLAC_H
#define SINK_FILE_FLAC_H

#include "recording.h"

extern const Container flac_container;

#endif
