/*
 * stellatune_http.h: one GET over HTTP for plugins that ask a server something, and what all their requests have in common.
 *
 * For plugins that link libcurl (7.87 or newer; their manifest asks for the right `network`). No thread, no signal, no
 * global state: any number of lanes may be in it at once. Only http and https, also behind a redirect; cookies, netrc and
 * saved passwords are not used; a proxy comes from the environment (`https_proxy`, `no_proxy`, ...). An answer is bounded
 * in bytes, headers, redirects and time, and the call ends soon after the host has cancelled it.
 *
 *     StHttpRequest request = {.url = url, .user_agent = "thing/1.0", .timeout_ms = 10000, .max_bytes = 1 << 20};
 *     StHttpAnswer answer;
 *     StStatus status = st_http_get(&request, &answer);
 *     if (status.code == ST_OK && answer.status != 200) status = st_http_refusal(url, answer.status);
 *     ... answer.body ...
 *     st_http_forget(&answer);
 *
 * A name that is being looked up when the call ends is looked up to its end by libcurl's own thread, which touches nothing
 * of the plugin: waiting for it would hold the call for as long as a dead name server does.
 */
#ifndef STELLATUNE_HTTP_H
#define STELLATUNE_HTTP_H

#include "stellatune_sdk.h"

#include <curl/curl.h>

#define ST_HTTP_URL_BYTES 4096
#define ST_HTTP_SHOWN_BYTES 200
/* How late a cancellation is seen, at the most. */
#define ST_HTTP_LOOK_MS 50
#define ST_HTTP_HEADER_BYTES ((size_t)256 << 10)
#define ST_HTTP_MOST_REDIRECTS 20

/* What is 0 or null is left to its default. */
typedef struct StHttpRequest {
    const char *url;
    const char *user_agent;        /* "StellaTune" */
    const char *const *headers;    /* more headers, "Name: value", the last one null */
    uint32_t connect_timeout_ms;   /* 10 s, looking up the name included */
    uint32_t timeout_ms;           /* for the whole call; 30 s */
    uint32_t max_redirects;        /* 5; none beyond ST_HTTP_MOST_REDIRECTS */
    size_t max_bytes;              /* of the body as it is unpacked; 1 MiB */
    int accept_any_certificate;    /* who answers is not looked at */
} StHttpRequest;

typedef struct StHttpAnswer {
    long status;                   /* 404 and its kind are answers, too */
    uint32_t retry_after_s;        /* what the server asks for, at most a day; 0: nothing */
    char content_type[128];        /* empty where the server does not say */
    char url[ST_HTTP_URL_BYTES];   /* where it came from after redirects */
    char *body;                    /* NUL behind its end; on the heap, until st_http_forget */
    size_t len;
    size_t room, max_bytes, header_bytes; /* the call's own */
    int too_long;
} StHttpAnswer;

/* A URL as people may see it: without user, password and query, in printable ASCII, cut. */
ST_SDK_UNUSED static void st_http_show(const char *url, char out[ST_HTTP_SHOWN_BYTES]) {
    const char *host = strstr(url, "://"), *end = url + strcspn(url, "?#"), *user;
    size_t n = 0;
    host = host && host < end ? host + 3 : url;
    for (user = host; user < end && *user != '/'; user++) {}
    while (user > host && *user != '@') user--;
    for (const char *at = url; at < end && n < ST_HTTP_SHOWN_BYTES - 1; at++) {
        if (at == host && *user == '@') at = user + 1;
        if (at < end) out[n++] = *at > ' ' && *at < 0x7F ? *at : '?';
    }
    out[n] = '\0';
}

/* An error for a status that is no success, with what to do about it. */
ST_SDK_UNUSED static StStatus st_http_refusal(const char *url, long status) {
    char shown[ST_HTTP_SHOWN_BYTES];
    const char *remedy = "the server refuses the request";
    st_http_show(url, shown);
    if (status == 401 || status == 403 || status == 407) remedy = "it needs a user and password, or is not for everybody";
    else if (status == 404 || status == 410) remedy = "there is nothing at this address: check it";
    else if (status == 408 || status == 429) remedy = "too many requests: try again later";
    else if (status >= 500) remedy = "the server is in trouble: try again later";
    else if (status >= 300 && status < 400) remedy = "it leads on to no other address";
    else if (status < 300) remedy = "the server answers something else than was asked for";
    return st_error(ST_ERROR_IO, "%s: HTTP status %ld: %s", shown, status, remedy);
}

/* An error for what libcurl says went wrong; `detail` is its error buffer. */
ST_SDK_UNUSED static StStatus st_http_failure(const char *url, CURLcode code, const char *detail) {
    char shown[ST_HTTP_SHOWN_BYTES];
    const char *what = detail && detail[0] ? detail : curl_easy_strerror(code);
    st_http_show(url, shown);
    switch (code) {
        case CURLE_OUT_OF_MEMORY:
            return st_error(ST_ERROR_INTERNAL, "%s: no memory for the request", shown);
        case CURLE_URL_MALFORMAT:
            return st_error(ST_ERROR_INVALID_ARG, "%s: no address that begins with http:// or https://", shown);
        case CURLE_UNSUPPORTED_PROTOCOL: /* with that detail for an answer that begins like none */
            return st_error(ST_ERROR_IO, strstr(what, "HTTP/0.9") ? "%s: what answers there speaks no HTTP"
                                                                 : "%s: it leads to something else than http or https", shown);
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
            return st_error(ST_ERROR_IO, "%s: the connection broke: try again later", shown);
        case CURLE_COULDNT_RESOLVE_HOST:
            return st_error(ST_ERROR_IO, "%s: no such server is known: check the address and the network", shown);
        case CURLE_COULDNT_RESOLVE_PROXY:
            return st_error(ST_ERROR_IO, "%s: the proxy is not known: check http_proxy and https_proxy", shown);
        case CURLE_COULDNT_CONNECT:
            return st_error(ST_ERROR_IO, "%s: the server does not let us connect: is it running?", shown);
        case CURLE_OPERATION_TIMEDOUT:
            return st_error(ST_ERROR_IO, "%s: no answer in time: try again later", shown);
        case CURLE_TOO_MANY_REDIRECTS:
            return st_error(ST_ERROR_IO, "%s: it leads on to another address again and again", shown);
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
            return st_error(ST_ERROR_IO, "%s: the server does not prove who it is: %.150s", shown, what);
        default:
            return st_error(ST_ERROR_IO, "%s: %.200s", shown, what);
    }
}

/* Whether this is the address of something we ask for: http or https, of a length we take, in printable characters. */
ST_SDK_UNUSED static int st_http_is_url(const char *url) {
    size_t n = 0;
    int secure = curl_strnequal(url, "https://", 8);
    if (!secure && !curl_strnequal(url, "http://", 7)) return 0;
    for (; url[n]; n++)
        if ((unsigned char)url[n] <= ' ' || url[n] == 0x7F || n >= ST_HTTP_URL_BYTES - 1) return 0;
    return n > (secure ? 8u : 7u);
}

/*
 * What every request of a plugin has in common, set on a fresh easy handle: all of `request` but headers and max_bytes.
 * thread: [lane & inside a call]
 * realtime: no
 * owned: nothing; texts are copied
 * valid until: the handle is reset or cleaned up
 * errors: 0 where libcurl lacks something, or is out of memory
 */
ST_SDK_UNUSED static int st_http_prepare(CURL *easy, const StHttpRequest *request) {
    uint32_t redirects = request->max_redirects ? request->max_redirects : 5;
    int done = curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_USERAGENT, request->user_agent ? request->user_agent : "StellaTune") == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK; /* see above: names */
    done &= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_MAXREDIRS,
                             (long)(redirects < ST_HTTP_MOST_REDIRECTS ? redirects : ST_HTTP_MOST_REDIRECTS)) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                             (long)(request->connect_timeout_ms ? request->connect_timeout_ms : 10000)) == CURLE_OK;
    if (request->accept_any_certificate) {
        done &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK;
        done &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK;
    }
    return done;
}

ST_SDK_UNUSED static size_t st_http_take_header(char *line, size_t size, size_t count, void *user) {
    StHttpAnswer *answer = (StHttpAnswer *)user;
    (void)line;
    answer->header_bytes += size * count;
    if (answer->header_bytes <= ST_HTTP_HEADER_BYTES) return size * count;
    answer->too_long = 1;
    return 0;
}

ST_SDK_UNUSED static size_t st_http_take_body(char *bytes, size_t size, size_t count, void *user) {
    StHttpAnswer *answer = (StHttpAnswer *)user;
    size_t n = size * count;
    if (n > answer->max_bytes - answer->len) {
        answer->too_long = 1;
        return 0;
    }
    if (answer->room - answer->len <= n) {
        size_t room = (answer->len + n + 1) * 2;
        char *grown = (char *)realloc(answer->body, room);
        if (grown == NULL) return 0;
        answer->body = grown;
        answer->room = room;
    }
    memcpy(answer->body + answer->len, bytes, n);
    answer->len += n;
    answer->body[answer->len] = '\0';
    return n;
}

/* Lets the one request of `multi` run to its end; 0 when the host has cancelled the call. */
ST_SDK_UNUSED static int st_http_run(CURLM *multi, CURLcode *out_code) {
    int running = 1, waiting = 0;
    while (running) {
        CURLMcode code = curl_multi_perform(multi, &running);
        if (running && code == CURLM_OK) code = curl_multi_poll(multi, NULL, 0, ST_HTTP_LOOK_MS, NULL);
        if (code != CURLM_OK) {
            *out_code = code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_RECV_ERROR;
            return 1;
        }
        if (running && st_cancelled()) return 0;
    }
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &waiting)) != NULL;)
        if (message->msg == CURLMSG_DONE) *out_code = message->data.result;
    return 1;
}

ST_SDK_UNUSED static void st_http_read_answer(CURL *easy, StHttpAnswer *answer) {
    const char *text = NULL;
    curl_off_t seconds = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer->status);
    if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
        answer->retry_after_s = (uint32_t)(seconds < 86400 ? seconds : 86400);
    if (curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK && text)
        snprintf(answer->content_type, sizeof answer->content_type, "%s", text);
    if (curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &text) == CURLE_OK && text && strlen(text) < sizeof answer->url)
        snprintf(answer->url, sizeof answer->url, "%s", text);
}

ST_SDK_UNUSED static void st_http_forget(StHttpAnswer *answer) {
    free(answer->body);
    memset(answer, 0, sizeof *answer);
}

ST_SDK_UNUSED static StStatus st_http_perform(CURL *easy, CURLM *multi, const StHttpRequest *request, StHttpAnswer *answer) {
    char detail[CURL_ERROR_SIZE] = "", shown[ST_HTTP_SHOWN_BYTES];
    struct curl_slist *headers = NULL;
    CURLcode code = CURLE_OK;
    StStatus status = st_ok();
    int done = st_http_prepare(easy, request);
    for (const char *const *each = request->headers; each && *each && done; each++) {
        struct curl_slist *longer = curl_slist_append(headers, *each);
        done = longer != NULL;
        if (longer) headers = longer;
    }
    if (headers) done &= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(request->timeout_ms ? request->timeout_ms : 30000)) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK; /* all that it can unpack */
    done &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, st_http_take_header) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, answer) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, st_http_take_body) == CURLE_OK;
    done &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer) == CURLE_OK;
    if (!done || curl_multi_add_handle(multi, easy) != CURLM_OK) {
        status = st_http_failure(request->url, CURLE_OUT_OF_MEMORY, NULL);
    } else {
        if (!st_http_run(multi, &code)) status.code = ST_ERROR_CANCELLED;
        else if (answer->too_long) {
            st_http_show(request->url, shown);
            status = st_error(ST_ERROR_IO, "%s: the answer is longer than %zu bytes", shown,
                              answer->header_bytes > ST_HTTP_HEADER_BYTES ? ST_HTTP_HEADER_BYTES : answer->max_bytes);
        } else if (code != CURLE_OK) status = st_http_failure(request->url, code, detail);
        else st_http_read_answer(easy, answer);
        curl_multi_remove_handle(multi, easy);
    }
    curl_easy_reset(easy); /* it must not outlive what was given to it here */
    curl_slist_free_all(headers);
    return status;
}

/*
 * Asks for one URL and waits for the whole answer, whatever its HTTP status.
 * thread: [lane & inside a call]
 * realtime: no
 * owned: the answer's body is the plugin's, to be given back with st_http_forget
 * valid until: st_http_forget
 * errors: INVALID_ARG (no address of http or https), IO, CANCELLED, INTERNAL (no memory); with an empty answer
 */
ST_SDK_UNUSED static StStatus st_http_get(const StHttpRequest *request, StHttpAnswer *out) {
    StStatus status;
    CURL *easy;
    CURLM *multi;
    memset(out, 0, sizeof *out);
    out->max_bytes = request->max_bytes ? request->max_bytes : (size_t)1 << 20;
    if (!st_http_is_url(request->url)) return st_http_failure(request->url, CURLE_URL_MALFORMAT, NULL);
    /* Counted and safe among threads since 7.84; what it sets up once is of use until the process ends. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return st_error(ST_ERROR_INTERNAL, "libcurl does not start");
    easy = curl_easy_init();
    multi = curl_multi_init();
    status = easy && multi ? st_http_perform(easy, multi, request, out)
                           : st_error(ST_ERROR_INTERNAL, "no memory for the request");
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
    if (status.code != ST_OK) st_http_forget(out);
    else if (out->body == NULL && (out->body = (char *)calloc(1, 1)) == NULL) status = st_error(ST_ERROR_INTERNAL, "no memory");
    return status;
}

#endif
