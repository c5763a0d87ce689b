/*
 * token_ring.c: the floor under every chain - processes that hand a futex word round, no audio, no plugin.
 *
 * token_ring HOPS TURNS WARM_TURNS PERIOD_NS FIFO CORE: the first process and HOPS others, one nanosecond count a turn.
 */
#include "bench.h"

#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_HOPS 64

typedef struct token {
    _Alignas(64) _Atomic uint32_t turn;
} token;

static void wait_for(token *own, uint32_t turn) {
    for (;;) {
        uint32_t seen = atomic_load_explicit(&own->turn, memory_order_acquire);
        if (seen == turn) return;
        syscall(SYS_futex, (uint32_t *)&own->turn, FUTEX_WAIT, seen, NULL, NULL, 0);
    }
}

static void hand_to(token *next, uint32_t turn) {
    atomic_store_explicit(&next->turn, turn, memory_order_release);
    syscall(SYS_futex, (uint32_t *)&next->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void pass_on(token *own, token *next, uint32_t turns) {
    for (uint32_t turn = 1; turn <= turns; turn++) {
        wait_for(own, turn);
        hand_to(next, turn);
    }
    _exit(0);
}

int main(int argc, char **argv) {
    uint32_t hops, turns, warm;
    uint64_t period_ns, beat_ns, *samples;
    token *tokens;
    if (argc != 7) return 2;
    hops = (uint32_t)bench_number(argv[1]);
    warm = (uint32_t)bench_number(argv[3]);
    turns = (uint32_t)bench_number(argv[2]) + warm;
    period_ns = (uint64_t)bench_number(argv[4]);
    if (hops == 0 || hops > MAX_HOPS || turns == warm) return 2;
    bench_place((int)bench_number(argv[6]), (int)bench_number(argv[5]));
    samples = calloc(turns, sizeof *samples);
    tokens = mmap(NULL, MAX_HOPS * sizeof *tokens + sizeof *tokens, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (samples == NULL || tokens == MAP_FAILED) bench_die("memory");
    for (uint32_t hop = 1; hop <= hops; hop++) {
        pid_t pid = fork();
        if (pid < 0) bench_die("fork");
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            pass_on(&tokens[hop], &tokens[hop == hops ? 0 : hop + 1], turns);
        }
    }
    beat_ns = bench_now_ns();
    for (uint32_t turn = 1; turn <= turns; turn++) {
        uint64_t began;
        if (period_ns) bench_next_beat(&beat_ns, period_ns);
        began = bench_now_ns();
        hand_to(&tokens[1], turn);
        wait_for(&tokens[0], turn);
        samples[turn - 1] = bench_now_ns() - began;
    }
    while (wait(NULL) > 0) continue;
    bench_emit(samples + warm, turns - warm);
    return 0;
}
