/*
 * stellatune.h: the whole plugin contract in one include.
 */
#ifndef STELLATUNE_STELLATUNE_H
#define STELLATUNE_STELLATUNE_H

#include "common.h"
#include "config_update.h"
#include "decoder.h"
#include "dsp.h"
#include "host.h"
#include "io.h"
#include "lyrics_provider.h"
#include "module.h"
#include "output_sink.h"
#include "source_catalog.h"
#include "version.h"

#endif
