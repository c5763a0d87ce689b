/*
 * turnstile: a source and a lyrics provider that count who is inside of an instance, and let nobody out before his time.
 *
 * A question {"do": "wait"} writes a byte into the FIFO `enter` and waits for one from `leave`; "until cancelled" gives up
 * when it is told to; "never" does not come back; "serve" makes open_stream give a stream of its own. Each answer holds
 * how often this instance was entered, and the most that were inside at once.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include <stellatune_sdk.h>

typedef struct Turnstile {
    int enter, leave;
    int streams;
    _Atomic int inside, most, entries;
} Turnstile;

static int asked(StStr question, const char *what) {
    StJson value;
    char word[32];
    return st_json_member(st_json(question), "do", &value) && st_json_string(value, word, sizeof word, NULL) &&
           strcmp(word, what) == 0;
}

static void moment(void) { nanosleep(&(struct timespec){0, 1000000}, NULL); }

static StStatus stay(Turnstile *t, StStr question) {
    char byte = 'x';
    if (asked(question, "wait")) {
        if (write(t->enter, &byte, 1) != 1 || read(t->leave, &byte, 1) != 1)
            return st_error(ST_ERROR_IO, "turnstile: nobody is there");
    }
    if (asked(question, "until cancelled")) {
        if (write(t->enter, &byte, 1) != 1) return st_error(ST_ERROR_IO, "turnstile: nobody is there");
        while (!st_cancelled()) moment();
        return st_error(ST_ERROR_CANCELLED, "turnstile: gave up");
    }
    while (asked(question, "never")) moment();
    return st_ok();
}

static StStatus pass(Turnstile *t, StStr question) {
    int inside = atomic_fetch_add(&t->inside, 1) + 1;
    StStatus status;
    atomic_fetch_add(&t->entries, 1);
    if (inside > atomic_load(&t->most)) atomic_store(&t->most, inside);
    status = stay(t, question);
    atomic_fetch_sub(&t->inside, 1);
    return status;
}

static StStr said(const char *form, ...) {
    va_list numbers;
    StStr text;
    va_start(numbers, form);
    text = st_str_vformat(form, numbers);
    va_end(numbers);
    return text;
}

static StStr told(const Turnstile *t, const char *form) {
    return said(form, atomic_load(&t->entries), atomic_load(&t->most));
}

static StStatus list_items(void *handle, StStr request, StStr *out) {
    StStatus status = pass(handle, request);
    if (status.code == ST_OK)
        *out = told(handle, "{\"items\": [{\"id\": \"entries\", \"title\": \"%d\", \"kind\": \"track\"}, "
                            "{\"id\": \"most\", \"title\": \"%d\", \"kind\": \"track\"}], \"next\": null}");
    return status;
}

static StStatus serve_nothing(void *io, uint8_t *out, size_t len, size_t *out_read) {
    (void)io, (void)out, (void)len;
    *out_read = 0;
    return st_ok();
}

static const StIoVTable IO = {.read = serve_nothing};

static StStatus open_stream(void *handle, StStr track, const StIoVTable **out_io, void **out_stream, StStr *out) {
    Turnstile *t = handle;
    StStatus status = pass(t, track);
    if (status.code != ST_OK) return status;
    if (asked(track, "serve")) {
        t->streams++;
        *out_io = &IO;
        *out_stream = t;
    }
    *out = asked(track, "wander") ? st_str_copy("{\"path\": \"here\"}", 16)
                                  : said("{\"path\": \"/streams/%d\"}", t->streams);
    return st_ok();
}

static void close_stream(void *handle, void *stream) {
    if (stream == handle) ((Turnstile *)handle)->streams--;
}

static StStatus search(void *handle, StStr query, StStr *out) {
    StStatus status = pass(handle, query);
    if (status.code == ST_OK) *out = told(handle, "[{\"entries\": %d, \"most\": %d}]");
    return status;
}

static StStatus fetch(void *handle, StStr track, StStr *out) {
    StStatus status = pass(handle, track);
    if (status.code == ST_OK) *out = told(handle, "{\"text\": \"%d entries, %d at most\"}");
    return status;
}

static void destroy(void *handle) {
    Turnstile *t = handle;
    if (t->enter >= 0) close(t->enter);
    if (t->leave >= 0) close(t->leave);
    free(t);
}

static const StSourceCatalogInstanceVTable SOURCE = {
    .list_items_json_utf8 = list_items,
    .open_stream = open_stream,
    .close_stream = close_stream,
    .instance = {.destroy = destroy},
};

static const StLyricsProviderInstanceVTable LYRICS = {
    .search_json_utf8 = search,
    .fetch_json_utf8 = fetch,
    .instance = {.destroy = destroy},
};

static int fifo(StStr config, const char *name) {
    StJson value;
    char path[1024];
    if (!st_json_member(st_json(config), name, &value) || !st_json_string(value, path, sizeof path, NULL)) return -1;
    return path[0] ? open(path, O_RDWR | O_CLOEXEC) : -1;
}

static Turnstile *make(StStr config) {
    Turnstile *t = calloc(1, sizeof *t);
    if (t == NULL) abort();
    t->enter = fifo(config, "enter");
    t->leave = fifo(config, "leave");
    return t;
}

static StStatus create_source(StStr type_id, StStr config, StSourceCatalogInstanceRef *out) {
    (void)type_id;
    memset(out, 0, sizeof *out);
    out->handle = make(config);
    out->vtable = &SOURCE;
    return st_ok();
}

static StStatus create_lyrics(StStr type_id, StStr config, StLyricsProviderInstanceRef *out) {
    (void)type_id;
    memset(out, 0, sizeof *out);
    out->handle = make(config);
    out->vtable = &LYRICS;
    return st_ok();
}

#define CAPABILITY(of)                                            \
    {                                                             \
        .kind = of, .type_id_utf8 = ST_STR("turnstile"),          \
        .display_name_utf8 = ST_STR("Turnstile"),                 \
        .config_schema_json_utf8 = ST_STR("{\"type\": \"object\"}"), \
        .default_config_json_utf8 = ST_STR("{\"enter\": \"\", \"leave\": \"\"}"), \
    }

static const StCapabilityDescriptor CAPABILITIES[] = {
    CAPABILITY(ST_CAPABILITY_SOURCE_CATALOG),
    CAPABILITY(ST_CAPABILITY_LYRICS_PROVIDER),
};

static const char METADATA[] = "{\"id\": \"test.turnstile\", \"name\": \"Turnstile\", \"api_version\": 6, "
                               "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}}";

ST_DEFINE_MODULE(METADATA, CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_source_catalog_instance = create_source,
                 .create_lyrics_provider_instance = create_lyrics)
