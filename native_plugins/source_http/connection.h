/*
 * connection.h: one request at a time and the bytes of its answer, driven by whoever reads.
 *
 * Everything happens inside these calls, on the lane: no thread, nothing in the background. What has arrived waits in a
 * small buffer; when that is full nothing more is taken from the network. Bytes that were read stay in it for a while, so
 * that a short way back needs no request.
 */
#ifndef SOURCE_HTTP_CONNECTION_H
#define SOURCE_HTTP_CONNECTION_H

#include "response.h"
#include "settings.h"

#define CONNECTION_BYTES 65536
/* A connection that brings less than this each second while it is waited for is a broken one. */
#define LEAST_BYTES_PER_S 100

typedef enum Arrival { SOME_ARRIVED, ALL_ARRIVED, CONNECTION_BROKE, CONNECTION_STALLED, CALL_CANCELLED } Arrival;

typedef struct Connection {
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers, *aliases;
    Response response;
    int in_progress; /* a request was begun and not dropped */
    int done;        /* libcurl has ended it, with `result` */
    int paused;
    CURLcode result;
    size_t header_bytes;
    int64_t waited_ms; /* since the pace was looked at, and what arrived in that time */
    uint64_t waited_bytes;
    char detail[CURL_ERROR_SIZE];
    size_t at, filled;
    uint8_t buffer[CONNECTION_BYTES];
} Connection;

/* Moments, in milliseconds of the monotonic clock. */
int64_t now_ms(void);

/* Zeroes may be destroyed. create: 0 when there is no memory. */
int connection_create(Connection *connection);
void connection_destroy(Connection *connection);

/*
 * Begins a request for the bytes from `offset` on; one that was in progress is dropped. `ranged`: a range is asked for,
 * also from 0. `fresh`: nothing that is open already is used, as who is there may be out of step. Titles of stations are
 * always asked for.
 */
StStatus connection_begin(Connection *connection, const char *url, uint64_t offset, int ranged, int fresh,
                          const Settings *settings);
void connection_drop(Connection *connection);

/*
 * Waits for the headers, or for bytes in the buffer, until `deadline_ms` at the latest (which is a stall), or
 * until the settings call it stalled. SOME_ARRIVED: they are there. ALL_ARRIVED: the answer has ended as it should, and everything was read.
 */
Arrival connection_await_headers(Connection *connection, const Settings *settings, int64_t deadline_ms);
Arrival connection_await_bytes(Connection *connection, const Settings *settings, int64_t deadline_ms);

/* Passes some time; 0 when the host cancels the call meanwhile. */
int connection_rest(Connection *connection, int64_t until_ms);

/* What is there to read, without waiting. */
static inline size_t connection_there(const Connection *connection) { return connection->filled - connection->at; }

/* Why it broke or stalled, for people. */
StStatus connection_failure(const Connection *connection, const char *url, Arrival arrival);

#endif
