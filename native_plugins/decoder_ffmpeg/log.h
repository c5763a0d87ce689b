/*
 * log.h: what libav* has to say goes into the host's log, in small portions, and never to the standard error.
 */
#ifndef DECODER_FFMPEG_LOG_H
#define DECODER_FFMPEG_LOG_H

/* For the whole process; once is enough, more is fine. */
void log_redirect(void);

/* A new portion for this thread: what exceeds it is not told. */
void log_begin_portion(void);

#endif
