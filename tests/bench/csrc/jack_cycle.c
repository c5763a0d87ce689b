/*
 * jack_cycle.c: JACK2 as the peer of T3 - a chain of gain clients, each a process of its own, run in freewheel mode.
 *
 * jack_cycle SERVER CLIENTS MILLISECONDS WARM_MILLISECONDS CORE: joins the running server; prints the nanoseconds of one
 * cycle, a mean, because the cycles are counted by a client of their own. Exits with 3 when the chain did not run through.
 */
#include "bench.h"

#include <jack/jack.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANNELS 2
#define MAX_CLIENTS 16
#define GAIN 0.70794578f /* -3 dB, as the gain plugin's */

typedef struct gain {
    jack_port_t *in[CHANNELS], *out[CHANNELS];
} gain;

static _Atomic uint64_t cycles;

static int multiply(jack_nframes_t frames, void *context) {
    gain *g = context;
    for (int c = 0; c < CHANNELS; c++) {
        const float *in = jack_port_get_buffer(g->in[c], frames);
        float *out = jack_port_get_buffer(g->out[c], frames);
        for (jack_nframes_t i = 0; i < frames; i++) out[i] = in[i] * GAIN;
    }
    return 0;
}

static int count(jack_nframes_t frames, void *context) {
    (void)frames, (void)context;
    atomic_fetch_add(&cycles, 1);
    return 0;
}

static jack_client_t *join(const char *server, const char *name) {
    jack_client_t *client = jack_client_open(name, JackNoStartServer | JackServerName, NULL, server);
    if (client == NULL) bench_die("jack_client_open");
    return client;
}

static jack_port_t *port(jack_client_t *client, const char *kind, int channel, unsigned long flags) {
    char name[16];
    snprintf(name, sizeof name, "%s%d", kind, channel);
    return jack_port_register(client, name, JACK_DEFAULT_AUDIO_TYPE, flags, 0);
}

static void live(const char *server, int index, int ready, int end) {
    gain g;
    char name[16], byte;
    jack_client_t *client;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(name, sizeof name, "gain%d", index);
    client = join(server, name);
    for (int c = 0; c < CHANNELS; c++) {
        g.in[c] = port(client, "in", c, JackPortIsInput);
        g.out[c] = port(client, "out", c, JackPortIsOutput);
        if (g.in[c] == NULL || g.out[c] == NULL) bench_die("jack_port_register");
    }
    jack_set_process_callback(client, multiply, &g);
    if (jack_activate(client) != 0 || write(ready, "", 1) != 1) bench_die("jack_activate");
    while (read(end, &byte, 1) != 0) continue; /* until the parent closes it */
    jack_client_close(client);
    _exit(0);
}

static void connect_chain(jack_client_t *client, int clients) {
    for (int i = 0; i + 1 < clients; i++)
        for (int c = 0; c < CHANNELS; c++) {
            char from[24], to[24];
            snprintf(from, sizeof from, "gain%d:out%d", i, c);
            snprintf(to, sizeof to, "gain%d:in%d", i + 1, c);
            if (jack_connect(client, from, to) != 0) bench_die("jack_connect");
        }
}

static void rest_ms(long ms) {
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&t, &t) != 0) continue;
}

int main(int argc, char **argv) {
    int clients, pipes[2], ends[2];
    uint64_t began, before, done, mean;
    char byte;
    jack_client_t *counter;
    if (argc != 6) return 2;
    clients = (int)bench_number(argv[2]);
    if (clients < 1 || clients > MAX_CLIENTS || pipe(pipes) != 0 || pipe(ends) != 0) return 2;
    bench_place((int)bench_number(argv[5]), 0);
    for (int i = 0; i < clients; i++) {
        pid_t pid = fork();
        if (pid < 0) bench_die("fork");
        if (pid > 0) continue;
        close(ends[1]);
        live(argv[1], i, pipes[1], ends[0]);
    }
    for (int i = 0; i < clients; i++)
        if (read(pipes[0], &byte, 1) != 1) bench_die("a client");
    counter = join(argv[1], "counter");
    jack_set_process_callback(counter, count, NULL);
    if (jack_activate(counter) != 0) bench_die("jack_activate");
    connect_chain(counter, clients);
    if (jack_set_freewheel(counter, 1) != 0) bench_die("jack_set_freewheel");
    rest_ms(bench_number(argv[4]));
    before = atomic_load(&cycles);
    began = bench_now_ns();
    rest_ms(bench_number(argv[3]));
    done = atomic_load(&cycles) - before;
    mean = done ? (bench_now_ns() - began) / done : 0;
    jack_set_freewheel(counter, 0);
    jack_client_close(counter);
    close(ends[1]);
    while (wait(NULL) > 0) continue;
    if (done == 0) return 3;
    bench_emit(&mean, 1);
    return 0;
}
