/*
 * stream.c: reads, seeks, and goes on after a connection that broke.
 */
#include "stream.h"

#include <stellatune_tags.h>

#include "address.h"
#include "kind.h"

/* A way forward that is no longer than this is read over; a longer one takes a request of its own. */
#define NEAR_BYTES ((uint64_t)256 << 10)
/* A server that knows no ranges sends everything again from the begin; this much of it is read over. */
#define SKIP_BYTES ((uint64_t)64 << 20)
/* Only a connection that brought this much was a good one: after it the counting of failures begins anew. */
#define PROGRESS_BYTES 16384u
#define FIRST_DELAY_MS 250
#define MOST_DELAY_MS 4000
/* Nobody waits long for what may never have been there. */
#define MOST_ATTEMPTS_TO_OPEN 3u

struct Stream {
    const Settings *settings;
    char url[ST_HTTP_URL_BYTES];
    Connection connection;
    Icy icy;
    Response first; /* what later answers are compared with */
    int opened;     /* there was a first one */
    int live;
    int asks_ranges, has_ranges;
    uint64_t size;
    uint64_t position; /* what the reader gets next */
    uint64_t at;       /* what the connection brings next */
    int connected;
    int ended;         /* at `position`, where the size is not known */
    uint32_t failures; /* in a row */
    uint64_t failed_at;
    int64_t try_at_ms;
    StStatus failure; /* the last one */
};

typedef enum Next { GO_ON, TRY_AGAIN, GIVE_UP } Next;

static void set_failure(Stream *stream, StStatus why) {
    st_plugin_free((void *)stream->failure.message.ptr, stream->failure.message.len, 1);
    stream->failure = why;
}

/* Hands the kept failure to the caller. */
static StStatus take_failure(Stream *stream) {
    StStatus why = stream->failure;
    stream->failure = st_ok();
    return why;
}

/* The place from which progress is counted from now on. */
static void settle(Stream *stream) {
    if (stream->position - stream->failed_at >= PROGRESS_BYTES) stream->failures = 0;
    stream->failed_at = stream->position;
}

static void note_failure(Stream *stream, StStatus why) {
    uint32_t doublings;
    int64_t delay_ms = FIRST_DELAY_MS;
    set_failure(stream, why);
    settle(stream);
    stream->failures++;
    /* What had been going well is tried again at once. */
    doublings = stream->failures - 1;
    if (stream->opened && doublings-- == 0) delay_ms = 0;
    else for (; doublings > 0 && delay_ms < MOST_DELAY_MS; doublings--) delay_ms *= 2;
    if ((int64_t)stream->connection.response.retry_after_s * 1000 > delay_ms)
        delay_ms = (int64_t)stream->connection.response.retry_after_s * 1000;
    stream->try_at_ms = now_ms() + delay_ms;
    stream->connected = 0;
    connection_drop(&stream->connection);
}

static StStatus says(const Stream *stream, int32_t code, const char *what) {
    char shown[ST_HTTP_SHOWN_BYTES];
    st_http_show(stream->url, shown);
    return st_error(code, "%s: %s", shown, what);
}

static Next give_up(Stream *stream, int32_t code, const char *what) {
    set_failure(stream, says(stream, code, what));
    return GIVE_UP;
}

/* The first answer decides what this is. */
static Next adopt(Stream *stream) {
    const Response *response = &stream->connection.response;
    Kind kind = kind_of_answer(response, stream->url);
    if (kind == KIND_PAGE) return give_up(stream, ST_ERROR_INVALID_ARG, "this is a web page, not audio: look there for the address of the audio");
    if (kind == KIND_M3U || kind == KIND_PLS || kind == KIND_FEED)
        return give_up(stream, ST_ERROR_INVALID_ARG, "this is a list, not a track: browse it");
    stream->first = *response;
    stream->size = response_size(response);
    stream->live = response->icy && stream->size == NOT_TOLD;
    stream->has_ranges = response->status == 206 || response->takes_ranges;
    if (stream->size == 0) return give_up(stream, ST_ERROR_IO, "the file is empty");
    stream->opened = 1;
    return GO_ON;
}

/* A later answer must be of the same thing. */
static Next compare(Stream *stream) {
    const Response *response = &stream->connection.response;
    char before[RESPONSE_TEXT_BYTES], now[RESPONSE_TEXT_BYTES];
    response_mime(&stream->first, before);
    response_mime(response, now);
    if (stream->live)
        return strcmp(before, now) == 0 ? GO_ON : give_up(stream, ST_ERROR_IO, "the station sends another format now: start it again");
    if (!response_same(&stream->first, response))
        return give_up(stream, ST_ERROR_IO, "the file has changed on the server: start it again");
    return GO_ON;
}

/* Where the bytes of an answer begin, against where they are wanted. */
static Next locate(Stream *stream) {
    const Response *response = &stream->connection.response;
    stream->at = 0;
    if (stream->live) {
        stream->at = stream->position;
        return GO_ON;
    }
    if (response->status == 206 && (response->range_from != NOT_TOLD || stream->position > 0)) {
        stream->at = response->range_from;
        return response->range_from == stream->position
                   ? GO_ON
                   : give_up(stream, ST_ERROR_IO, "the server answers with other bytes than were asked for");
    }
    if (stream->position > 0 && stream->size == NOT_TOLD && !(response->etag[0] && stream->first.etag[0]))
        return give_up(stream, ST_ERROR_IO, "the connection broke, and the server does not say how to go on");
    return stream->position <= SKIP_BYTES ? GO_ON : give_up(stream, ST_ERROR_IO, "the server cannot begin in the middle of it");
}

static Next judge(Stream *stream) {
    const Response *response = &stream->connection.response;
    int status = response->status;
    Next next;
    if (status == 416 && stream->asks_ranges && stream->position == 0) {
        stream->asks_ranges = 0;
        note_failure(stream, st_http_refusal(stream->url, status));
        stream->try_at_ms = 0;
        return TRY_AGAIN;
    }
    if (status == 416 && stream->opened && stream->size == NOT_TOLD) {
        stream->ended = 1;
        return GO_ON;
    }
    if (status == 416 && stream->opened) return give_up(stream, ST_ERROR_IO, "the file is shorter than the server said before");
    if (status == 408 || status == 429 || status >= 500) {
        note_failure(stream, st_http_refusal(stream->url, status));
        return TRY_AGAIN;
    }
    if (status != 200 && status != 206) {
        set_failure(stream, st_http_refusal(stream->url, status));
        return GIVE_UP;
    }
    if (response->encoded) return give_up(stream, ST_ERROR_IO, "the server packs the file although it was asked not to");
    if (response->metaint < 0) return give_up(stream, ST_ERROR_IO, "the station has an impossible distance between its titles");
    next = stream->opened ? compare(stream) : adopt(stream);
    return next == GO_ON ? locate(stream) : next;
}

/* What no second attempt makes better. */
static int is_final(const Stream *stream) {
    const Connection *connection = &stream->connection;
    switch (connection->result) {
        case CURLE_UNSUPPORTED_PROTOCOL: /* no HTTP: of a server that has spoken it, the rest of an answer that was too long */
            return connection->done && !stream->opened;
        case CURLE_URL_MALFORMAT:
        case CURLE_TOO_MANY_REDIRECTS:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_OUT_OF_MEMORY:
        case CURLE_WRITE_ERROR: /* headers without end */
            return connection->done;
        default:
            return 0;
    }
}

static Next connect_once(Stream *stream, int64_t deadline_ms) {
    int ranged = stream->asks_ranges && !stream->live;
    int fresh = stream->failures > 0;
    StStatus status = connection_begin(&stream->connection, stream->url, stream->position, ranged, fresh, stream->settings);
    Arrival arrival;
    if (status.code != ST_OK) {
        set_failure(stream, status);
        return GIVE_UP;
    }
    arrival = connection_await_headers(&stream->connection, stream->settings, deadline_ms);
    if (arrival == SOME_ARRIVED) return judge(stream);
    status = connection_failure(&stream->connection, stream->url, arrival);
    if (arrival == CALL_CANCELLED || is_final(stream)) {
        set_failure(stream, status);
        return GIVE_UP;
    }
    note_failure(stream, status);
    return TRY_AGAIN;
}

/* Connects where the reader is. On failure nothing is connected, and the next call tries again. */
static StStatus connect_stream(Stream *stream, int64_t deadline_ms) {
    uint32_t most = stream->settings->reconnects;
    Next next = TRY_AGAIN;
    if (!stream->opened && most > MOST_ATTEMPTS_TO_OPEN - 1) most = MOST_ATTEMPTS_TO_OPEN - 1;
    while (next == TRY_AGAIN) {
        if (stream->failures > most || (stream->failures && stream->try_at_ms >= deadline_ms)) {
            stream->failures = 0;
            return take_failure(stream);
        }
        if (stream->failures && !connection_rest(&stream->connection, stream->try_at_ms)) return (StStatus){.code = ST_ERROR_CANCELLED};
        next = connect_once(stream, deadline_ms);
    }
    if (next == GIVE_UP) {
        connection_drop(&stream->connection);
        return take_failure(stream);
    }
    set_failure(stream, st_ok());
    icy_begin(&stream->icy, stream->connection.response.metaint);
    stream->connected = 1;
    return st_ok();
}

/* Bytes of audio that are there already. */
static size_t take_there(Stream *stream, uint8_t *out, size_t len) {
    Connection *connection = &stream->connection;
    size_t n = 0, used;
    if (stream->at < stream->position) {
        uint64_t over = stream->position - stream->at;
        n = over < connection_there(connection) ? (size_t)over : connection_there(connection);
        connection->at += n;
        stream->at += n;
    }
    if (stream->size != NOT_TOLD && len > stream->size - stream->position) len = (size_t)(stream->size - stream->position);
    for (n = 0; n == 0 && connection_there(connection) > 0; connection->at += used)
        n = icy_take(&stream->icy, connection->buffer + connection->at, connection_there(connection), out, len, stream->position, &used);
    stream->at += n;
    stream->position += n;
    return n;
}

static int is_at_end(const Stream *stream) {
    return stream->ended || (stream->size != NOT_TOLD && stream->position >= stream->size);
}

static StStatus read_stream(void *handle, uint8_t *out, size_t len, size_t *out_read) {
    Stream *stream = handle;
    int64_t deadline_ms = now_ms() + stream->settings->give_up_ms;
    size_t n = 0;
    while (len > 0 && !is_at_end(stream)) {
        StStatus status = stream->connected ? st_ok() : connect_stream(stream, deadline_ms);
        Arrival arrival;
        if (status.code != ST_OK) return status;
        if (is_at_end(stream) || (n = take_there(stream, out, len)) > 0) break;
        arrival = connection_await_bytes(&stream->connection, stream->settings, deadline_ms);
        if (arrival == SOME_ARRIVED) continue;
        if (arrival == ALL_ARRIVED && stream->size == NOT_TOLD && !stream->live) {
            stream->ended = 1;
            continue;
        }
        status = connection_failure(&stream->connection, stream->url, arrival);
        if (arrival == CALL_CANCELLED) return status;
        note_failure(stream, status);
    }
    *out_read = n;
    return st_ok();
}

static StStatus seek_stream(void *handle, int64_t offset, uint32_t whence, uint64_t *out_position) {
    Stream *stream = handle;
    Connection *connection = &stream->connection;
    int64_t from = whence == ST_SEEK_START ? 0 : (int64_t)(whence == ST_SEEK_END ? stream->size : stream->position);
    uint64_t position;
    if (whence > ST_SEEK_END || (offset < 0 ? from + offset < 0 : offset > (int64_t)MOST_FILE_BYTES - from))
        return (StStatus){.code = ST_ERROR_INVALID_ARG};
    position = (uint64_t)(from + offset);
    if (stream->connected && position < stream->at) {
        uint64_t back = stream->at - position;
        if (back <= connection->at) {
            connection->at -= (size_t)back;
            stream->at = position;
        } else {
            stream->connected = 0;
        }
    } else if (stream->connected && position - stream->at > (stream->has_ranges ? NEAR_BYTES : SKIP_BYTES)) {
        stream->connected = 0;
    }
    if (!stream->connected) connection_drop(connection);
    settle(stream);
    stream->position = stream->failed_at = position;
    *out_position = position;
    return st_ok();
}

static StStatus tell_stream(void *handle, uint64_t *out_position) {
    *out_position = ((Stream *)handle)->position;
    return st_ok();
}

static StStatus size_stream(void *handle, uint64_t *out_size) {
    const Stream *stream = handle;
    if (stream->size == NOT_TOLD) return (StStatus){.code = ST_ERROR_UNSUPPORTED};
    *out_size = stream->size;
    return st_ok();
}

static const StIoVTable SEEKABLE = {read_stream, seek_stream, tell_stream, size_stream};
static const StIoVTable ONE_WAY = {read_stream, NULL, tell_stream, size_stream};

static int is_seekable(const Stream *stream) {
    return stream->size != NOT_TOLD && stream->first.metaint == 0 && (stream->has_ranges || stream->size <= SKIP_BYTES);
}

static void put(TagsJson *meta, const char *name, const char *text) { tags_text(meta, name, text, strlen(text)); }

static void put_bare(TagsJson *meta, const char *name, const char *json) {
    size_t start = tags_open(meta, name);
    tags_put(meta, json, strlen(json));
    tags_close(meta, start, name);
}

static StStatus describe(const Stream *stream, const char *title, StStr *out) {
    const Response *first = &stream->first;
    char mime[RESPONSE_TEXT_BYTES], extension[EXTENSION_BYTES], name[RESPONSE_TEXT_BYTES], size[24];
    TagsJson meta = tags_begin();
    response_mime(first, mime);
    address_media(mime, first->content_type, stream->url, extension);
    address_name(stream->url, name, sizeof name);
    put(&meta, "extension", extension);
    put(&meta, "mime", mime);
    put(&meta, "title", title[0] ? title : first->icy_name[0] ? first->icy_name : name);
    put_bare(&meta, "live", stream->live ? "true" : "false");
    put_bare(&meta, "seekable", is_seekable(stream) ? "true" : "false");
    snprintf(size, sizeof size, "%llu", (unsigned long long)stream->size);
    if (stream->size != NOT_TOLD) put_bare(&meta, "size_bytes", size);
    put(&meta, "version", first->etag[0] ? first->etag : first->last_modified);
    put(&meta, "station", first->icy_name);
    put(&meta, "genre", first->icy_genre);
    put(&meta, "description", first->icy_description);
    put(&meta, "homepage", first->icy_url);
    put(&meta, "bitrate_kbps", first->icy_bitrate);
    return tags_finish(&meta, out);
}

StStatus stream_open(const Settings *settings, const char *url, const char *title, const StIoVTable **out_io, Stream **out,
                     StStr *out_meta) {
    Stream *stream = calloc(1, sizeof *stream);
    StStatus status;
    if (stream == NULL || !connection_create(&stream->connection)) {
        free(stream);
        return st_error(ST_ERROR_INTERNAL, "no memory for a stream");
    }
    stream->settings = settings;
    memcpy(stream->url, url, strlen(url) + 1);
    stream->size = NOT_TOLD;
    stream->asks_ranges = 1;
    status = connect_stream(stream, now_ms() + settings->give_up_ms);
    if (status.code == ST_OK) status = describe(stream, title, out_meta);
    if (status.code != ST_OK) {
        stream_close(stream);
        return status;
    }
    *out_io = is_seekable(stream) ? &SEEKABLE : &ONE_WAY;
    *out = stream;
    return st_ok();
}

void stream_close(Stream *stream) {
    connection_destroy(&stream->connection);
    set_failure(stream, st_ok());
    free(stream);
}
