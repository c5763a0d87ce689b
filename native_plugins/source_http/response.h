/*
 * response.h: what a server says of the bytes that follow, read line by line from its headers.
 */
#ifndef SOURCE_HTTP_RESPONSE_H
#define SOURCE_HTTP_RESPONSE_H

#include <stddef.h>
#include <stdint.h>

/* A size or offset that nobody told, or that no file has. */
#define NOT_TOLD UINT64_MAX
#define MOST_FILE_BYTES ((uint64_t)1 << 50)
#define RESPONSE_TEXT_BYTES 256

/* Of the last answer, after redirects. Texts are empty where the server does not say. */
typedef struct Response {
    int begun;    /* there was a status line */
    int complete; /* the headers have ended, and no redirect was among them */
    int status;
    int leads_on;        /* there was a Location */
    uint64_t length;     /* Content-Length */
    uint64_t range_from; /* Content-Range */
    uint64_t total;      /* size of the whole, from Content-Range */
    int takes_ranges;
    int encoded;
    uint32_t retry_after_s;
    int icy; /* it is a station's */
    int64_t metaint; /* bytes of audio between two blocks of metadata; 0: none */
    char content_type[RESPONSE_TEXT_BYTES];
    char etag[RESPONSE_TEXT_BYTES];
    char last_modified[RESPONSE_TEXT_BYTES];
    char icy_name[RESPONSE_TEXT_BYTES];
    char icy_genre[RESPONSE_TEXT_BYTES];
    char icy_description[RESPONSE_TEXT_BYTES];
    char icy_url[RESPONSE_TEXT_BYTES];
    char icy_bitrate[RESPONSE_TEXT_BYTES];
} Response;

/* Takes one line of the headers, its end included; a status line begins another answer. */
void response_line(Response *response, const char *line, size_t len);

/* The size of the whole; NOT_TOLD when it cannot be known. */
uint64_t response_size(const Response *response);

/* Whether both can be of the same file: nothing that both say differs. */
int response_same(const Response *a, const Response *b);

/* The MIME type alone, in lower case, without parameters. */
void response_mime(const Response *response, char out[RESPONSE_TEXT_BYTES]);

#endif
