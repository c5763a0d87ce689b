/*
 * address.h: what can be told from a URL without asking anybody, and links beside the page they stand on.
 */
#ifndef SOURCE_HTTP_ADDRESS_H
#define SOURCE_HTTP_ADDRESS_H

#include <stellatune_http.h>

#define EXTENSION_BYTES 12

/* The extension of the path, in lower case, without dot; empty when there is none. */
void address_extension(const char *url, char out[EXTENSION_BYTES]);

/* The last part of the path for people, its escapes resolved; the host where there is none. */
void address_name(const char *url, char *out, size_t capacity);

/* A link as an absolute URL of http or https; 0 when it leads to none, or to one that is too long. */
int address_resolve(const char *base, const char *link, size_t len, char out[ST_HTTP_URL_BYTES]);

/* What a MIME type and an address say together: the extension that chooses a decoder, empty when nothing does. */
void address_media(const char *mime, const char *content_type, const char *url, char out[EXTENSION_BYTES]);

#endif
