/*
 * dies: an effect that ends its process as its config says: {"how": a name below, "in": "create", "process" or "destroy"}.
 *
 * Each way is a function of its own that is never inlined, so that a backtrace can name it. As a library it can say how it
 * dies in its constructor, when CONSTRUCTOR names the way.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stellatune_sdk.h>

#define WAY static __attribute__((noinline, noclone)) void

typedef struct Dies {
    char how[32], in[32];
} Dies;

static volatile int sink;
static volatile int *volatile wild = (volatile int *)8;
static void (*volatile nowhere)(void);

WAY die_by_segv(void) {
    *wild = 1;
    sink++;
}

WAY die_by_bus(void) {
    int fd = memfd_create("short", MFD_CLOEXEC);
    volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    sink = page[0];
    sink++;
}

WAY die_by_ill(void) {
    __builtin_trap();
}

WAY die_by_fpe(void) {
    raise(SIGFPE);
    sink++;
}

WAY die_by_abort(void) {
    abort();
}

WAY die_by_trap(void) {
    raise(SIGTRAP);
    sink++;
}

WAY die_by_sys(void) {
    raise(SIGSYS);
    sink++;
}

WAY die_by_jump(void) {
    nowhere();
    sink++;
}

static __attribute__((noinline, noclone)) int die_by_overflow(int depth) {
    volatile char room[512];
    room[depth & 511] = (char)depth;
    return depth < 0 ? 0 : die_by_overflow(depth + 1) + room[(depth + 1) & 511];
}

WAY die_by_exit(void) {
    exit(3);
}

WAY die_by_exit_in_peace(void) {
    exit(0);
}

WAY die_by_exit_as_if_abandoned(void) {
    exit(68);
}

WAY die_by_kill(void) {
    kill(getpid(), SIGKILL);
}

WAY die_in_a_forked_child(void) {
    pid_t child = fork();
    if (child == 0) die_by_segv();
    waitpid(child, NULL, 0);
    sink++;
}

static void own_handler(int number) {
    (void)number;
    for (;;) pause();
}

/* A handler of the plugin's own that would hang; the crash itself comes with a later call. */
WAY replace_handlers(void) {
    struct sigaction action = {.sa_handler = own_handler};
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGABRT, &action, NULL);
    sigaltstack(&none, NULL);
}

static void *die_in_a_thread(void *arg) {
    (void)arg;
    die_by_segv();
    return NULL;
}

WAY start_a_thread(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, die_in_a_thread, NULL) == 0) pthread_join(thread, NULL);
}

static void *overflow_in_a_thread(void *arg) {
    (void)arg;
    sink = die_by_overflow(0);
    return NULL;
}

WAY start_a_thread_that_overflows(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, overflow_in_a_thread, NULL) == 0) pthread_join(thread, NULL);
}

static pthread_barrier_t both;

static void *die_at_once(void *arg) {
    (void)arg;
    pthread_barrier_wait(&both);
    die_by_segv();
    return NULL;
}

/* Four threads in the same moment: one of them tells. */
WAY die_together(void) {
    pthread_t thread[4];
    pthread_barrier_init(&both, NULL, 4);
    for (int i = 0; i < 4; i++) pthread_create(&thread[i], NULL, die_at_once, NULL);
    for (int i = 0; i < 4; i++) pthread_join(thread[i], NULL);
}

/* A stack that leads the unwinder astray: the caller's addresses are overwritten before the crash. */
WAY die_on_a_ruined_stack(void) {
    volatile uintptr_t *volatile frame = __builtin_frame_address(0);
    for (int i = 0; i < 16; i++) frame[i] = (uintptr_t)0x4141414141414141;
    die_by_abort();
}

WAY die(const char *how) {
    if (!strcmp(how, "segv")) die_by_segv();
    if (!strcmp(how, "bus")) die_by_bus();
    if (!strcmp(how, "ill")) die_by_ill();
    if (!strcmp(how, "fpe")) die_by_fpe();
    if (!strcmp(how, "abort")) die_by_abort();
    if (!strcmp(how, "trap")) die_by_trap();
    if (!strcmp(how, "sys")) die_by_sys();
    if (!strcmp(how, "jump")) die_by_jump();
    if (!strcmp(how, "overflow")) sink = die_by_overflow(0);
    if (!strcmp(how, "exit 3")) die_by_exit();
    if (!strcmp(how, "exit 0")) die_by_exit_in_peace();
    if (!strcmp(how, "exit 68")) die_by_exit_as_if_abandoned();
    if (!strcmp(how, "kill")) die_by_kill();
    if (!strcmp(how, "child")) die_in_a_forked_child();
    if (!strcmp(how, "handlers")) replace_handlers();
    if (!strcmp(how, "thread")) start_a_thread();
    if (!strcmp(how, "thread overflow")) start_a_thread_that_overflows();
    if (!strcmp(how, "together")) die_together();
    if (!strcmp(how, "ruined stack")) die_on_a_ruined_stack();
    if (!strcmp(how, "hang")) own_handler(0);
}

#ifdef CONSTRUCTOR
__attribute__((constructor)) static void before_everything(void) { die(CONSTRUCTOR); }
#endif

static void die_in(const Dies *d, const char *call) {
    if (!strcmp(d->in, call)) die(d->how);
}

static StStatus process(void *handle, float *samples, uint32_t frames) {
    (void)samples, (void)frames;
    die_in(handle, "process");
    return st_ok();
}

static uint32_t supported_layouts(void *handle) {
    (void)handle;
    return ST_LAYOUT_ANY;
}

static StStatus reset(void *handle) {
    (void)handle;
    return st_ok();
}

static void destroy(void *handle) {
    die_in(handle, "destroy");
    free(handle);
}

static const StDspInstanceVTable vtable = {
    .process_interleaved_f32_in_place = process,
    .supported_layouts = supported_layouts,
    .reset = reset,
    .instance = {.destroy = destroy},
};

static StStatus create_dsp(StStr type_id, uint32_t sample_rate_hz, uint16_t channels, StStr config,
                           StDspInstanceRef *out_instance) {
    StJson value, json = st_json(config);
    Dies *d = calloc(1, sizeof *d);
    (void)type_id, (void)sample_rate_hz, (void)channels;
    if (st_json_member(json, "how", &value)) st_json_string(value, d->how, sizeof d->how, NULL);
    if (st_json_member(json, "in", &value)) st_json_string(value, d->in, sizeof d->in, NULL);
    die_in(d, "create");
    memset(out_instance, 0, sizeof *out_instance);
    out_instance->handle = d;
    out_instance->vtable = &vtable;
    return st_ok();
}

static StStr metadata_json(void) {
    return st_str("{\"id\": \"test.dsp.dies\", \"name\": \"Dies\", \"api_version\": 6, "
                  "\"version\": {\"major\": 1, \"minor\": 0, \"patch\": 0}}");
}

static size_t capability_count(void) { return 1; }

static const StCapabilityDescriptor *capability_get(size_t index) {
    static const StCapabilityDescriptor dies = {
        .kind = ST_CAPABILITY_DSP,
        .type_id_utf8 = ST_STR("dies"),
        .display_name_utf8 = ST_STR("Dies"),
        .config_schema_json_utf8 = ST_STR("{\"type\": \"object\"}"),
        .default_config_json_utf8 = ST_STR("{\"how\": \"\", \"in\": \"\"}"),
    };
    return index == 0 ? &dies : NULL;
}

static const StPluginModule module = {
    .api_version = STELLATUNE_API_VERSION,
    .plugin_version = {1, 0, 0, 0},
    .plugin_free = st_plugin_free,
    .metadata_json_utf8 = metadata_json,
    .capability_count = capability_count,
    .capability_get = capability_get,
    .create_dsp_instance = create_dsp,
};

ST_EXPORT_PLUGIN(module)
