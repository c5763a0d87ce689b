/*
 * sound_io.h: libsndfile's virtual IO over the host's io functions; user data is a Sound.
 */
#ifndef DECODER_SNDFILE_SOUND_IO_H
#define DECODER_SNDFILE_SOUND_IO_H

#include "sound.h"

extern SF_VIRTUAL_IO SOUND_IO;

/* Says why libsndfile cannot work on this input, or ST_OK. */
StStatus sound_io_check(Sound *sound);

#endif
