/*
 * stream.h: one address as a stream of bytes: from connection to connection, at the exact offset, or not at all.
 *
 * A file is read with ranges. When the connection breaks another one goes on where it was; what is not the same file any
 * more is an error, never a splice. A station cannot be sought in: its next connection goes on with what it sends by then.
 */
#ifndef SOURCE_HTTP_STREAM_H
#define SOURCE_HTTP_STREAM_H

#include "connection.h"
#include "icy.h"

typedef struct Stream Stream;

/*
 * Opens an address. `settings` are those of the instance and outlive the stream. `title`: what it is called where it was
 * listed, or empty. The text of `out_meta` is to be freed with st_plugin_free.
 */
StStatus stream_open(const Settings *settings, const char *url, const char *title, const StIoVTable **out_io, Stream **out,
                     StStr *out_meta);
void stream_close(Stream *stream);

#endif
