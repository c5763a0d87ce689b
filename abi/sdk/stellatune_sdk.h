/*
 * stellatune_sdk.h: helpers for plugin authors, header only, C99 and C++.
 *
 * What it gives: the export macro, status texts, logging, events and controls, default answers to a config update, and a small JSON reader for
 * configurations (which the runtime has validated against the plugin's schema already). Nothing here is required: a
 * plugin may fill the tables of module.h by hand.
 */
#ifndef STELLATUNE_SDK_H
#define STELLATUNE_SDK_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stellatune/stellatune.h>

#ifdef __cplusplus
#define ST_SDK_EXTERN extern "C"
#else
#define ST_SDK_EXTERN extern
#endif

#if defined(__GNUC__)
#define ST_SDK_UNUSED __attribute__((unused))
#define ST_SDK_PRINTF(text_arg, first_arg) __attribute__((format(printf, text_arg, first_arg)))
#define ST_SDK_VISIBLE __attribute__((visibility("default")))
#define ST_SDK_ONE_PER_LIBRARY __attribute__((weak, visibility("hidden")))
#else
#define ST_SDK_UNUSED
#define ST_SDK_PRINTF(text_arg, first_arg)
#define ST_SDK_VISIBLE
#define ST_SDK_ONE_PER_LIBRARY static
#endif

/* The host table, set by the entry function before anything else runs; one per library, whatever its number of files. */
ST_SDK_ONE_PER_LIBRARY const StHostVTable *st_host;

/*
 * Exports `module` (an StPluginModule with static storage), in exactly one file of the library:
 *
 *     static const StPluginModule module = {...};
 *     ST_EXPORT_PLUGIN(module)
 */
#define ST_EXPORT_PLUGIN(module)                                                                        \
    ST_SDK_EXTERN ST_SDK_VISIBLE const StPluginModule *stellatune_plugin_entry(const StHostVTable *host); \
    const StPluginModule *stellatune_plugin_entry(const StHostVTable *host) {                            \
        if (host == NULL || host->api_version != STELLATUNE_API_VERSION) return NULL;                    \
        st_host = host;                                                                                  \
        return &(module);                                                                                \
    }

/* ---- text ---- */

/* A string literal as StStr, usable in static initialisers. */
#define ST_STR(literal) {(literal), sizeof(literal) - 1}

ST_SDK_UNUSED static StStr st_str(const char *text) {
    StStr s;
    s.ptr = text;
    s.len = text ? strlen(text) : 0;
    return s;
}

ST_SDK_UNUSED static int st_str_equals(StStr a, const char *b) {
    size_t n = strlen(b);
    return a.len == n && (n == 0 || memcmp(a.ptr, b, n) == 0);
}

/* Frees texts made by st_str_copy, st_str_format and st_error; put it into StPluginModule.plugin_free. */
ST_SDK_UNUSED static void st_plugin_free(void *ptr, size_t len, size_t align) {
    (void)len;
    (void)align;
    free(ptr);
}

/* A copy on the heap; empty when memory is short. */
ST_SDK_UNUSED static StStr st_str_copy(const char *text, size_t len) {
    StStr s;
    char *copy = (char *)malloc(len ? len : 1);
    s.ptr = copy;
    s.len = copy ? len : 0;
    if (copy && len) memcpy(copy, text, len);
    return s;
}

ST_SDK_UNUSED static StStr st_str_vformat(const char *format, va_list args) {
    char text[512];
    int n = vsnprintf(text, sizeof text, format, args);
    if (n < 0) n = 0;
    if ((size_t)n >= sizeof text) n = (int)sizeof text - 1;
    return st_str_copy(text, (size_t)n);
}

/* ---- status ---- */

ST_SDK_UNUSED static StStatus st_ok(void) {
    StStatus s;
    memset(&s, 0, sizeof s);
    return s;
}

/* An error with a text for the user: name the thing and the remedy. Needs st_plugin_free in the module table. */
ST_SDK_PRINTF(2, 3) ST_SDK_UNUSED static StStatus st_error(int32_t code, const char *format, ...) {
    StStatus s = st_ok();
    va_list args;
    s.code = code;
    va_start(args, format);
    s.message = st_str_vformat(format, args);
    va_end(args);
    return s;
}

/* ---- logging ---- */

ST_SDK_PRINTF(2, 3) ST_SDK_UNUSED static void st_log(uint32_t level, const char *format, ...) {
    char text[512];
    StStr line;
    va_list args;
    int n;
    if (st_host == NULL || st_host->log_utf8 == NULL) return;
    va_start(args, format);
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0) return;
    line.ptr = text;
    line.len = (size_t)n >= sizeof text ? sizeof text - 1 : (size_t)n;
    st_host->log_utf8(st_host->user_data, level, line);
}

/* Whether the call in progress should give up (long loops in open, flush, search ask now and then). */
ST_SDK_UNUSED static int st_cancelled(void) {
    return st_host && st_host->call_cancelled && st_host->call_cancelled(st_host->user_data);
}

/* The descriptor behind a "file-read" or "file-write" string. */
ST_SDK_UNUSED static StStatus st_take_file(StStr value, int32_t *out_fd) {
    if (st_host == NULL || st_host->take_file == NULL)
        return st_error(ST_ERROR_UNSUPPORTED, "this host hands out no files");
    return st_host->take_file(st_host->user_data, value, out_fd);
}

/* ---- default update hooks, for StInstanceVTable.plan_config_update_json_utf8 ---- */

ST_SDK_UNUSED static StStatus st_plan(StConfigUpdatePlan *out, uint32_t mode, uint32_t cost) {
    memset(out, 0, sizeof *out);
    out->mode = mode;
    out->cost = cost;
    return st_ok();
}

/* "Take me down and make me anew": the same as no hook at all. */
ST_SDK_UNUSED static StStatus st_plan_recreate(void *handle, StStr config, StConfigUpdatePlan *out) {
    (void)handle;
    (void)config;
    return st_plan(out, ST_CONFIG_RECREATE, ST_CONFIG_COST_MEDIUM);
}

/* "Call apply": for types that take every valid configuration in place. */
ST_SDK_UNUSED static StStatus st_plan_hot_apply(void *handle, StStr config, StConfigUpdatePlan *out) {
    (void)handle;
    (void)config;
    return st_plan(out, ST_CONFIG_HOT_APPLY, ST_CONFIG_COST_LOW);
}

/* ---- the module ----
 *
 * What most modules write alike, for C: who it is, its capabilities in an array, and its factories by name.
 *
 *     static const StCapabilityDescriptor CAPABILITIES[] = {{.kind = ST_CAPABILITY_DSP, ...}};
 *     ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_dsp_instance = create_dsp)
 *
 * A decoder says its rules, of one type, before that:
 *
 *     ST_DEFINE_SCORES("flac", SCORES)
 *     ST_DEFINE_MODULE(METADATA, CAPABILITIES, ..., ST_SCORES, .create_decoder_instance = create_decoder)
 */
#define ST_DEFINE_MODULE(metadata_json, capabilities, ...)                                        \
    static StStr st_module_metadata(void) { return st_str(metadata_json); }                       \
    static size_t st_module_count(void) { return sizeof(capabilities) / sizeof((capabilities)[0]); } \
    static const StCapabilityDescriptor *st_module_get(size_t index) {                            \
        return index < st_module_count() ? &(capabilities)[index] : NULL;                         \
    }                                                                                             \
    static const StPluginModule st_module = {.api_version = STELLATUNE_API_VERSION,               \
                                             .plugin_free = st_plugin_free,                       \
                                             .metadata_json_utf8 = st_module_metadata,            \
                                             .capability_count = st_module_count,                 \
                                             .capability_get = st_module_get,                     \
                                             __VA_ARGS__};                                        \
    ST_EXPORT_PLUGIN(st_module)

#define ST_DEFINE_SCORES(type_id, scores)                                                  \
    static size_t st_score_count(StStr type) {                                             \
        return st_str_equals(type, type_id) ? sizeof(scores) / sizeof((scores)[0]) : 0;     \
    }                                                                                      \
    static const StDecoderExtScore *st_score_get(StStr type, size_t index) {               \
        return index < st_score_count(type) ? &(scores)[index] : NULL;                     \
    }
#define ST_SCORES .decoder_ext_score_count = st_score_count, .decoder_ext_score_get = st_score_get

/* ---- JSON reader ----
 *
 * A value is a slice of the text; nothing is allocated and nothing is copied but strings. Every function returns 1 when
 * it found what was asked and 0 otherwise, and never reads outside the slice, whatever the text holds.
 */

#define ST_JSON_MAX_DEPTH 32

typedef struct StJson {
    const char *at;
    const char *end;
} StJson;

ST_SDK_UNUSED static const char *st_json_blank(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++;
    return p;
}

/* The end of the string that begins at p (a quote), or NULL. */
ST_SDK_UNUSED static const char *st_json_skip_string(const char *p, const char *end) {
    for (p++; p < end; p++) {
        if (*p == '\\') {
            p++;
        } else if (*p == '"') {
            return p + 1;
        }
    }
    return NULL;
}

/* The end of the value that begins at p, or NULL. */
ST_SDK_UNUSED static const char *st_json_skip(const char *p, const char *end) {
    int depth = 0;
    p = st_json_blank(p, end);
    if (p >= end) return NULL;
    do {
        char c = *p;
        if (c == '"') {
            p = st_json_skip_string(p, end);
            if (p == NULL) return NULL;
        } else if (c == '{' || c == '[') {
            if (++depth > ST_JSON_MAX_DEPTH) return NULL;
            p++;
        } else if (c == '}' || c == ']') {
            if (--depth < 0) return NULL;
            p++;
        } else if (c == ',' || c == ':') {
            if (depth == 0) return NULL;
            p++;
        } else {
            const char *start = p;
            while (p < end && strchr(" \t\r\n,:{}[]\"", *p) == NULL) p++;
            if (p == start) return NULL;
        }
        if (depth > 0) p = st_json_blank(p, end);
    } while (depth > 0 && p < end);
    return depth == 0 ? p : NULL;
}

/* The whole text as one value. */
ST_SDK_UNUSED static StJson st_json(StStr text) {
    StJson v;
    v.at = text.len ? st_json_blank(text.ptr, text.ptr + text.len) : NULL;
    v.end = text.len ? text.ptr + text.len : NULL;
    return v;
}

/* Member `name` of an object. Names with escapes in them are never matched. */
ST_SDK_UNUSED static int st_json_member(StJson object, const char *name, StJson *out) {
    const char *p = object.at, *end = object.end;
    size_t n = strlen(name);
    if (p == NULL || p >= end || *p != '{') return 0;
    p = st_json_blank(p + 1, end);
    while (p < end && *p == '"') {
        const char *key = p + 1, *after = st_json_skip_string(p, end), *value;
        if (after == NULL) return 0;
        p = st_json_blank(after, end);
        if (p >= end || *p != ':') return 0;
        value = st_json_blank(p + 1, end);
        p = st_json_skip(value, end);
        if (p == NULL) return 0;
        if ((size_t)(after - 1 - key) == n && memcmp(key, name, n) == 0) {
            out->at = value;
            out->end = p;
            return 1;
        }
        p = st_json_blank(p, end);
        if (p >= end || *p != ',') return 0;
        p = st_json_blank(p + 1, end);
    }
    return 0;
}

/* Item `index` of an array; walk an array by counting up until it answers 0. */
ST_SDK_UNUSED static int st_json_item(StJson array, size_t index, StJson *out) {
    const char *p = array.at, *end = array.end;
    if (p == NULL || p >= end || *p != '[') return 0;
    p = st_json_blank(p + 1, end);
    while (p < end && *p != ']') {
        const char *value = p;
        p = st_json_skip(value, end);
        if (p == NULL) return 0;
        if (index == 0) {
            out->at = value;
            out->end = p;
            return 1;
        }
        index--;
        p = st_json_blank(p, end);
        if (p >= end || *p != ',') return 0;
        p = st_json_blank(p + 1, end);
    }
    return 0;
}

/* A finite number, whatever the locale says about commas. */
ST_SDK_UNUSED static int st_json_number(StJson value, double *out) {
    const char *p = value.at, *end = value.end;
    double mantissa = 0, scale = 1;
    int negative = 0, digits = 0, exponent = 0;
    if (p == NULL || p >= end) return 0;
    if (*p == '-') {
        negative = 1;
        p++;
    }
    for (; p < end && *p >= '0' && *p <= '9'; p++, digits++) mantissa = mantissa * 10 + (*p - '0');
    if (p < end && *p == '.') {
        for (p++; p < end && *p >= '0' && *p <= '9'; p++, digits++, exponent--) mantissa = mantissa * 10 + (*p - '0');
    }
    if (digits == 0) return 0;
    if (p < end && (*p == 'e' || *p == 'E')) {
        int below = 0, e = 0;
        p++;
        if (p < end && (*p == '-' || *p == '+')) below = *p++ == '-';
        if (p >= end || *p < '0' || *p > '9') return 0;
        for (; p < end && *p >= '0' && *p <= '9'; p++)
            if (e < 10000) e = e * 10 + (*p - '0');
        exponent += below ? -e : e;
    }
    if (st_json_blank(p, end) != end) return 0;
    if (exponent > 400 || exponent < -400) return mantissa == 0 ? (*out = 0, 1) : 0;
    for (; exponent > 0; exponent--) mantissa *= 10;
    for (; exponent < 0; exponent++) {
        scale *= 10;
        if (scale > 1e300) {
            mantissa /= scale;
            scale = 1;
        }
    }
    mantissa /= scale;
    if (mantissa > 1.7e308) return 0;
    *out = negative ? -mantissa : mantissa;
    return 1;
}

ST_SDK_UNUSED static int st_json_bool(StJson value, int *out) {
    size_t n = value.at ? (size_t)(value.end - value.at) : 0;
    if (n >= 4 && memcmp(value.at, "true", 4) == 0) return *out = 1, 1;
    if (n >= 5 && memcmp(value.at, "false", 5) == 0) return *out = 0, 1;
    return 0;
}

ST_SDK_UNUSED static int st_json_hex4(const char *p, const char *end, uint32_t *out) {
    int i;
    uint32_t code = 0;
    if (end - p < 4) return 0;
    for (i = 0; i < 4; i++) {
        char c = p[i];
        uint32_t digit;
        if (c >= '0' && c <= '9') digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f') digit = (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F') digit = (uint32_t)(c - 'A' + 10);
        else return 0;
        code = code * 16 + digit;
    }
    *out = code;
    return 1;
}

/* A string as UTF-8 with its escapes resolved, NUL-terminated; 0 when it does not fit into `capacity` bytes. */
ST_SDK_UNUSED static int st_json_string(StJson value, char *out, size_t capacity, size_t *out_len) {
    const char *p = value.at, *end = value.end;
    size_t n = 0;
    if (p == NULL || p >= end || *p != '"' || capacity == 0) return 0;
    for (p++; p < end && *p != '"'; p++) {
        uint32_t code = (unsigned char)*p;
        char bytes[4];
        size_t count = 1;
        bytes[0] = *p;
        if (*p == '\\') {
            static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
            const char *hit;
            if (++p >= end) return 0;
            if (*p == 'u') {
                if (!st_json_hex4(p + 1, end, &code)) return 0;
                p += 4;
                if (code >= 0xD800 && code < 0xDC00) {
                    uint32_t low;
                    if (end - p < 7 || p[1] != '\\' || p[2] != 'u' || !st_json_hex4(p + 3, end, &low)) return 0;
                    if (low < 0xDC00 || low > 0xDFFF) return 0;
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                    p += 6;
                }
                if (code < 0x80) {
                    bytes[0] = (char)code;
                } else if (code < 0x800) {
                    bytes[0] = (char)(0xC0 | (code >> 6));
                    bytes[1] = (char)(0x80 | (code & 0x3F));
                    count = 2;
                } else if (code < 0x10000) {
                    bytes[0] = (char)(0xE0 | (code >> 12));
                    bytes[1] = (char)(0x80 | ((code >> 6) & 0x3F));
                    bytes[2] = (char)(0x80 | (code & 0x3F));
                    count = 3;
                } else {
                    bytes[0] = (char)(0xF0 | (code >> 18));
                    bytes[1] = (char)(0x80 | ((code >> 12) & 0x3F));
                    bytes[2] = (char)(0x80 | ((code >> 6) & 0x3F));
                    bytes[3] = (char)(0x80 | (code & 0x3F));
                    count = 4;
                }
            } else {
                hit = strchr(from, *p);
                if (*p == '\0' || hit == NULL) return 0;
                bytes[0] = to[hit - from];
            }
        }
        if (n + count >= capacity) return 0;
        memcpy(out + n, bytes, count);
        n += count;
    }
    if (p >= end) return 0;
    out[n] = '\0';
    if (out_len) *out_len = n;
    return 1;
}

/* Shorthand for a number member of an object, with the value to use when it is absent. */
ST_SDK_UNUSED static double st_json_number_or(StJson object, const char *name, double absent) {
    StJson v;
    double number;
    return st_json_member(object, name, &v) && st_json_number(v, &number) ? number : absent;
}

/* ---- events and controls ---- */

/* Tells whoever listens in the host; `event` is a JSON text. */
ST_SDK_UNUSED static StStatus st_emit_event(StStr event) {
    if (st_host == NULL || st_host->emit_event_json_utf8 == NULL)
        return st_error(ST_ERROR_UNSUPPORTED, "this host takes no events");
    return st_host->emit_event_json_utf8(st_host->user_data, event);
}

/* The oldest host event, to be given back with st_free_host_str; empty when there is none. */
ST_SDK_UNUSED static StStr st_poll_event(void) {
    StStr event = st_str(NULL);
    if (st_host && st_host->poll_host_event_json_utf8 &&
        st_host->poll_host_event_json_utf8(st_host->user_data, &event).code != ST_OK)
        event = st_str(NULL);
    return event;
}

ST_SDK_UNUSED static void st_free_host_str(StStr text) {
    if (st_host && st_host->free_host_str_utf8) st_host->free_host_str_utf8(st_host->user_data, text);
}

/* Asks the host for something; the number by which a host event tells what became of it goes to `out_request`. */
ST_SDK_UNUSED static StStatus st_send_control(StStr request, uint64_t *out_request) {
    StStr answer = st_str(NULL);
    StStatus status;
    if (st_host == NULL || st_host->send_control_json_utf8 == NULL)
        return st_error(ST_ERROR_UNSUPPORTED, "this host takes no control requests");
    status = st_host->send_control_json_utf8(st_host->user_data, request, &answer);
    if (status.code == ST_OK) {
        *out_request = (uint64_t)st_json_number_or(st_json(answer), "request", 0);
        st_free_host_str(answer);
    }
    return status;
}

#endif
