/*
 * connection.c: libcurl's multi interface, stepped by the lane.
 */
#define _GNU_SOURCE

#include "connection.h"

#include <time.h>

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t take_header(char *line, size_t size, size_t count, void *user) {
    Connection *connection = user;
    connection->header_bytes += size * count;
    if (connection->header_bytes > ST_HTTP_HEADER_BYTES) return 0;
    response_line(&connection->response, line, size * count);
    return size * count;
}

static size_t take_bytes(char *bytes, size_t size, size_t count, void *user) {
    Connection *connection = user;
    size_t n = size * count;
    if (connection->at == connection->filled && n > CONNECTION_BYTES - connection->filled)
        connection->at = connection->filled = 0;
    if (n > CONNECTION_BYTES - connection->filled) {
        if (n > CONNECTION_BYTES) return 0;
        connection->paused = 1;
        return CURL_WRITEFUNC_PAUSE; /* it comes again, whole */
    }
    memcpy(connection->buffer + connection->filled, bytes, n);
    connection->filled += n;
    connection->waited_bytes += n;
    return n;
}

int connection_create(Connection *connection) {
    struct curl_slist *more;
    memset(connection, 0, sizeof *connection);
    /* Counted and safe among threads; what it sets up once is of use until the process ends. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 0;
    connection->multi = curl_multi_init();
    connection->easy = curl_easy_init();
    connection->headers = curl_slist_append(NULL, "Icy-MetaData: 1");
    more = connection->headers ? curl_slist_append(connection->headers, "Accept-Encoding: identity") : NULL;
    connection->aliases = curl_slist_append(NULL, "ICY 200");
    if (connection->multi && connection->easy && more && connection->aliases &&
        curl_multi_setopt(connection->multi, CURLMOPT_MAXCONNECTS, 2L) == CURLM_OK)
        return 1;
    connection_destroy(connection);
    return 0;
}

void connection_destroy(Connection *connection) {
    connection_drop(connection);
    curl_easy_cleanup(connection->easy);
    if (connection->multi) curl_multi_cleanup(connection->multi);
    curl_slist_free_all(connection->headers);
    curl_slist_free_all(connection->aliases);
    memset(connection, 0, sizeof *connection);
}

void connection_drop(Connection *connection) {
    if (connection->in_progress) curl_multi_remove_handle(connection->multi, connection->easy);
    connection->in_progress = connection->done = connection->paused = 0;
    connection->at = connection->filled = 0;
}

StStatus connection_begin(Connection *connection, const char *url, uint64_t offset, int ranged, int fresh,
                          const Settings *settings) {
    StHttpRequest request = {.url = url,
                             .user_agent = settings->user_agent,
                             .connect_timeout_ms = settings->connect_timeout_ms,
                             .max_redirects = 8,
                             .accept_any_certificate = !settings->verify_tls};
    CURL *easy = connection->easy;
    char range[32];
    int done;
    connection_drop(connection);
    memset(&connection->response, 0, sizeof connection->response);
    connection->result = CURLE_OK;
    connection->detail[0] = '\0';
    connection->header_bytes = 0;
    connection->waited_ms = 0;
    connection->waited_bytes = 0;
    curl_easy_reset(easy);
    snprintf(range, sizeof range, "%llu-", (unsigned long long)offset);
    done = st_http_prepare(easy, &request);
    if (ranged) done &= curl_easy_setopt(easy, CURLOPT_RANGE, range) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)fresh) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, connection->headers) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_HTTP200ALIASES, connection->aliases) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, connection->detail) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, connection) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, connection) == CURLE_OK;
    if (!done || curl_multi_add_handle(connection->multi, easy) != CURLM_OK)
        return st_error(ST_ERROR_INTERNAL, "no memory for a request");
    connection->in_progress = 1;
    return st_ok();
}

/* What libcurl can do now. */
static void step(Connection *connection) {
    int running = 0, waiting = 0;
    CURLMcode code;
    if (connection->paused && connection_there(connection) == 0) {
        connection->paused = 0;
        connection->at = connection->filled = 0;
        curl_easy_pause(connection->easy, CURLPAUSE_CONT);
    }
    code = curl_multi_perform(connection->multi, &running);
    for (CURLMsg *message; (message = curl_multi_info_read(connection->multi, &waiting)) != NULL;) {
        if (message->msg != CURLMSG_DONE) continue;
        connection->done = 1;
        connection->result = message->data.result;
    }
    if (code == CURLM_OK || connection->done) return;
    connection->done = 1;
    connection->result = code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_RECV_ERROR;
}

static int is_there(const Connection *connection, int headers_only) {
    return headers_only ? connection->response.complete : connection_there(connection) > 0;
}

/* Time is counted while somebody waits only: how fast a reader wants the bytes says nothing of the server. */
static int is_stalled(Connection *connection, int64_t waited_ms, int64_t most_ms) {
    if (connection->waited_ms + waited_ms < most_ms) return 0;
    if (connection->waited_bytes * 1000 < (uint64_t)(most_ms * LEAST_BYTES_PER_S)) return 1;
    connection->waited_ms = -waited_ms;
    connection->waited_bytes = 0;
    return 0;
}

static Arrival await(Connection *connection, const Settings *settings, int64_t deadline_ms, int headers_only) {
    int64_t begun = now_ms(), now = begun, most_ms = settings->stall_timeout_ms;
    Arrival arrival = SOME_ARRIVED;
    if (headers_only && settings->connect_timeout_ms > most_ms) most_ms = settings->connect_timeout_ms;
    while (!is_there(connection, headers_only)) {
        if (connection->done)
            arrival = connection->result == CURLE_OK && connection->response.complete ? ALL_ARRIVED : CONNECTION_BROKE;
        else if (st_cancelled()) arrival = CALL_CANCELLED;
        else if (now >= deadline_ms || is_stalled(connection, now - begun, most_ms)) arrival = CONNECTION_STALLED;
        if (arrival != SOME_ARRIVED) break;
        step(connection);
        if (!is_there(connection, headers_only) && !connection->done)
            curl_multi_poll(connection->multi, NULL, 0, ST_HTTP_LOOK_MS, NULL);
        now = now_ms();
    }
    connection->waited_ms += now - begun;
    return arrival;
}

Arrival connection_await_headers(Connection *connection, const Settings *settings, int64_t deadline_ms) {
    return await(connection, settings, deadline_ms, 1);
}

Arrival connection_await_bytes(Connection *connection, const Settings *settings, int64_t deadline_ms) {
    return await(connection, settings, deadline_ms, 0);
}

int connection_rest(Connection *connection, int64_t until_ms) {
    int64_t left;
    while ((left = until_ms - now_ms()) > 0) {
        if (st_cancelled()) return 0;
        curl_multi_poll(connection->multi, NULL, 0, left < ST_HTTP_LOOK_MS ? (int)left : ST_HTTP_LOOK_MS, NULL);
    }
    return !st_cancelled();
}

StStatus connection_failure(const Connection *connection, const char *url, Arrival arrival) {
    char shown[ST_HTTP_SHOWN_BYTES];
    if (arrival == CALL_CANCELLED) return (StStatus){.code = ST_ERROR_CANCELLED};
    if (arrival == CONNECTION_STALLED) return st_http_failure(url, CURLE_OPERATION_TIMEDOUT, NULL);
    if (arrival == ALL_ARRIVED) return st_http_failure(url, CURLE_PARTIAL_FILE, NULL);
    if (connection->header_bytes <= ST_HTTP_HEADER_BYTES) return st_http_failure(url, connection->result, connection->detail);
    st_http_show(url, shown);
    return st_error(ST_ERROR_IO, "%s: the headers are longer than %zu bytes", shown, ST_HTTP_HEADER_BYTES);
}
