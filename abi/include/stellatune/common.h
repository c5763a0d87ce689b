/*
 * common.h: the words both sides share - strings, status, audio format.
 *
 * Everything that crosses the boundary between the runtime and a plugin is built from these types. Layouts are fixed:
 * fixed-width integers, explicit padding, static asserts. Reserved fields must be zero.
 */
#ifndef STELLATUNE_COMMON_H
#define STELLATUNE_COMMON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define ST_BEGIN_DECLS extern "C" {
#define ST_END_DECLS }
#define ST_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define ST_BEGIN_DECLS
#define ST_END_DECLS
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define ST_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#else
/* C99 has no static assertion: the same array declared again and again, impossible when the condition is false. */
#define ST_STATIC_ASSERT(condition, text) extern int st_static_assert_holds[(condition) ? 1 : -1]
#endif
#endif

ST_BEGIN_DECLS

/* UTF-8 text of `len` bytes, not NUL-terminated. A null `ptr` or a zero `len` is the empty string. */
typedef struct StStr {
    const char *ptr;
    size_t len;
} StStr;

/* Bytes without meaning to the runtime: exported state, pictures. */
typedef struct StBlob {
    const uint8_t *ptr;
    size_t len;
} StBlob;

typedef enum StStatusCode {
    ST_OK = 0,
    ST_ERROR_INVALID_ARG = 1,
    ST_ERROR_UNSUPPORTED = 2,
    ST_ERROR_IO = 3,
    ST_ERROR_DECODE = 4,
    ST_ERROR_INTERNAL = 5,
    ST_ERROR_CANCELLED = 6
} StStatusCode;

/*
 * Result of every call that can fail. `code` is an StStatusCode; other non-zero values are legal and mean "failed".
 * `message` may be empty; when a plugin returns it, the runtime frees it with the module's plugin_free (align 1). Statuses
 * that host and io functions return carry no message, so that a plugin may hand them on as its own.
 */
typedef struct StStatus {
    int32_t code;
    uint32_t reserved0;
    StStr message;
} StStatus;

/* Channel order is that of WAVEFORMATEXTENSIBLE (front left, front right, centre, LFE, ...). */
typedef struct StAudioSpec {
    uint32_t sample_rate_hz;
    uint16_t channels;
    uint16_t reserved0;
} StAudioSpec;

typedef enum StCapabilityKind {
    ST_CAPABILITY_DECODER = 1,
    ST_CAPABILITY_DSP = 2,
    ST_CAPABILITY_SOURCE_CATALOG = 3,
    ST_CAPABILITY_LYRICS_PROVIDER = 4,
    ST_CAPABILITY_OUTPUT_SINK = 5
} StCapabilityKind;

typedef enum StLogLevel {
    ST_LOG_ERROR = 1,
    ST_LOG_WARN = 2,
    ST_LOG_INFO = 3,
    ST_LOG_DEBUG = 4,
    ST_LOG_TRACE = 5
} StLogLevel;

ST_STATIC_ASSERT(sizeof(void *) == 8, "StellaTune plugins are 64-bit");
ST_STATIC_ASSERT(sizeof(StStr) == 16, "StStr");
ST_STATIC_ASSERT(sizeof(StBlob) == 16, "StBlob");
ST_STATIC_ASSERT(sizeof(StStatus) == 24, "StStatus");
ST_STATIC_ASSERT(offsetof(StStatus, message) == 8, "StStatus.message");
ST_STATIC_ASSERT(sizeof(StAudioSpec) == 8, "StAudioSpec");

ST_END_DECLS

#endif
