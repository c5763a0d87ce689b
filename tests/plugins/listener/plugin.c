/*
 * listener: an effect that leaves the audio alone. A thread of its own emits every host event as {"heard": EVENT}, and asks
 * the host for things, telling what came of each as {"asked": N} or {"refused": CODE}.
 *
 * Config: {"gate": PATH, "ask": [REQUEST, ...], "flood": N, "on": TEXT, "times": 1, "then": [REQUEST, ...]}. When there is a
 * file PATH, all of "ask"; then N times the first of them, as fast as it can, told as {"flooded": TAKEN, "refused": N}; and
 * "then" as soon as so many host events have held TEXT. With "deaf": true it never reads an event.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include <stellatune_sdk.h>

#define CONFIG_BYTES 8192
#define EVENT_BYTES (16 << 10)
#define TEXT_BYTES 1024

typedef struct Listener {
    char config[CONFIG_BYTES];
    size_t len;
    pthread_t thread;
    atomic_int ending;
} Listener;

/* Until there is room for it: what it says is counted. */
static void tell(const char *format, ...) {
    const struct timespec pause = {0, 1000000};
    char text[EVENT_BYTES];
    va_list args;
    int len;
    va_start(args, format);
    len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len <= 0 || (size_t)len >= sizeof text) return;
    while (st_emit_event((StStr){text, (size_t)len}).code == ST_ERROR_INTERNAL) nanosleep(&pause, NULL);
}

static StJson member(const Listener *l, const char *name) {
    StJson found = {NULL, NULL};
    st_json_member(st_json((StStr){l->config, l->len}), name, &found);
    return found;
}

static void ask_all(StJson requests) {
    StJson one;
    for (size_t i = 0; st_json_item(requests, i, &one); i++) {
        uint64_t number = 0;
        StStatus status = st_send_control((StStr){one.at, (size_t)(one.end - one.at)}, &number);
        if (status.code == ST_OK) {
            tell("{\"asked\": %llu}", (unsigned long long)number);
        } else {
            tell("{\"refused\": %d}", status.code);
        }
    }
}

static void flood(StJson requests, double count) {
    StJson one;
    unsigned taken = 0, refused = 0;
    if (count < 1 || !st_json_item(requests, 0, &one)) return;
    for (; taken + refused < count;) {
        uint64_t number;
        StStatus status = st_send_control((StStr){one.at, (size_t)(one.end - one.at)}, &number);
        if (status.code == ST_OK) {
            taken++;
        } else {
            refused++;
        }
    }
    tell("{\"flooded\": %u, \"refused\": %u}", taken, refused);
}

/* Whether the event holds the text; it is told in any case. */
static int hear(StStr event, const char *text) {
    char copy[EVENT_BYTES];
    size_t len = event.len < sizeof copy ? event.len : sizeof copy - 1;
    memcpy(copy, event.ptr, len);
    copy[len] = '\0';
    tell("{\"heard\": %s}", copy);
    return text[0] && strstr(copy, text) != NULL;
}

static void *listen_to(void *arg) {
    Listener *l = arg;
    const struct timespec pause = {0, 2000000};
    StJson json = {l->config, l->config + l->len};
    char text[TEXT_BYTES] = "", gate[TEXT_BYTES];
    int deaf = 0, waiting;
    double times = st_json_number_or(json, "times", 1);
    st_json_bool(member(l, "deaf"), &deaf);
    waiting = st_json_string(member(l, "on"), text, sizeof text, NULL);
    if (st_json_string(member(l, "gate"), gate, sizeof gate, NULL))
        while (!atomic_load(&l->ending) && access(gate, F_OK) != 0) nanosleep(&pause, NULL);
    ask_all(member(l, "ask"));
    flood(member(l, "ask"), st_json_number_or(json, "flood", 0));
    while (!atomic_load(&l->ending)) {
        StStr event = deaf ? st_str(NULL) : st_poll_event();
        if (event.len == 0) {
            nanosleep(&pause, NULL);
            continue;
        }
        if (hear(event, waiting ? text : "") && --times < 1) {
            waiting = 0;
            ask_all(member(l, "then"));
        }
        st_free_host_str(event);
    }
    return NULL;
}

static StStatus process(void *handle, float *samples, uint32_t frames) {
    (void)handle;
    (void)samples;
    (void)frames;
    return st_ok();
}

static uint32_t layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static void destroy(void *handle) {
    Listener *l = handle;
    atomic_store(&l->ending, 1);
    pthread_join(l->thread, NULL);
    free(l);
}

static const StDspInstanceVTable EFFECT = {
    .process_interleaved_f32_in_place = process,
    .supported_layouts = layouts,
    .instance = {.destroy = destroy},
};

static StStatus create(StStr type_id, uint32_t rate, uint16_t channels, StStr config, StDspInstanceRef *out) {
    Listener *l = calloc(1, sizeof *l);
    (void)type_id;
    (void)rate;
    (void)channels;
    if (l == NULL || config.len > sizeof l->config) {
        free(l);
        return st_error(ST_ERROR_INTERNAL, "no room");
    }
    l->len = config.len;
    if (config.len) memcpy(l->config, config.ptr, config.len);
    if (pthread_create(&l->thread, NULL, listen_to, l) != 0) {
        free(l);
        return st_error(ST_ERROR_INTERNAL, "no thread");
    }
    memset(out, 0, sizeof *out);
    out->handle = l;
    out->vtable = &EFFECT;
    return st_ok();
}

static const StCapabilityDescriptor CAPABILITIES[] = {
    {
        .kind = ST_CAPABILITY_DSP,
        .type_id_utf8 = ST_STR("listener"),
        .display_name_utf8 = ST_STR("Listener"),
        .config_schema_json_utf8 = ST_STR("{\"type\": \"object\"}"),
        .default_config_json_utf8 = ST_STR("{}"),
    },
};

ST_DEFINE_MODULE("{\"id\": \"test.listener\", \"name\": \"Listener\", \"api_version\": 6, \"version\": {\"major\": 1, "
                 "\"minor\": 0, \"patch\": 0}}",
                 CAPABILITIES, .plugin_version = {1, 0, 0, 0}, .create_dsp_instance = create)
