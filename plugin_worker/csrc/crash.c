/*
 * crash.c: handlers of fatal signals, alternate stacks, raw backtraces.
 *
 * The handler calls only what POSIX allows there, and the unwinder, which it does not: _Unwind_Backtrace was loaded and run
 * once at the start, so that it allocates no more, and what can still go wrong in it is met by the order of things. Thread
 * local storage is not touched either, as its first use in a thread may allocate: a thread is known by its number.
 */
#include "crash.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#define HIGH_FD 500 /* where plugins that close or reuse descriptors hardly ever come */
#define PAGE_BYTES 4096u
#define STACK_BYTES (128u << 10) /* the kernel's frame with all registers, ours, and the unwinder's */
#define THREADS (ST_STATUS_LANES + 8u)
#define MAX_VISITED 256u /* frames, of which those of the handler are left out */

static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};
#define FATALS (sizeof fatal / sizeof fatal[0])

static st_status_page *status;
static int bell = -1;
static pid_t process;
static _Atomic int first; /* thread that crashed first */

static struct thread {
    _Atomic int id; /* 0: free; -1: being taken */
    int32_t slot;
    void *stack;
} threads[THREADS];

static pid_t this_thread(void) { return (pid_t)syscall(SYS_gettid); }

static struct thread *find_thread(int id) {
    for (unsigned i = 0; i < THREADS; i++)
        if (atomic_load_explicit(&threads[i].id, memory_order_acquire) == id) return &threads[i];
    return NULL;
}

/* ---- in the handler ---- */

typedef struct trace {
    st_crash_record *record;
    uint64_t begin; /* the frame that crashed; those before it are the handler's */
    unsigned visited;
    int found;
} trace;

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *user_data) {
    trace *t = user_data;
    uint64_t address = _Unwind_GetIP(context);
    if (++t->visited > MAX_VISITED) return _URC_END_OF_STACK;
    if (!t->found) {
        t->found = address == t->begin;
        return _URC_NO_REASON; /* the first frame stands in the record already */
    }
    if (t->record->frames == ST_CRASH_FRAMES) return _URC_END_OF_STACK;
    t->record->frame[t->record->frames++] = address;
    return _URC_NO_REASON;
}

/* The code address and the stack pointer at the crash. */
static void registers(const ucontext_t *context, uint64_t *out_code, uint64_t *out_stack) {
#if defined(__x86_64__)
    *out_code = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    *out_stack = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    *out_code = context->uc_mcontext.pc;
    *out_stack = context->uc_mcontext.sp;
#else
#error "name the registers of this processor"
#endif
}

/* Where a call through a wild pointer came from. The unwinder would read the code there, and fall. */
static uint64_t return_address(const ucontext_t *context) {
#if defined(__x86_64__)
    return *(const uint64_t *)context->uc_mcontext.gregs[REG_RSP];
#else
    return context->uc_mcontext.regs[30];
#endif
}

/* The record is complete but for its backtrace. */
static void ring(void) {
    static const uint64_t one = 1;
    atomic_store_explicit(&status->crash.stage, ST_CRASH_TOLD, memory_order_release);
    if (bell >= 0 && write(bell, &one, sizeof one) < 0) { /* the page tells as well, only later */
    }
}

static void tell(int number, const siginfo_t *info, const ucontext_t *context, int id) {
    st_crash_record *record = &status->crash;
    struct thread *me = find_thread(id);
    trace t = {.record = record};
    int sent = info->si_code <= 0;
    registers(context, &t.begin, &record->stack);
    record->signal = number;
    record->si_code = info->si_code;
    record->sender = sent ? info->si_pid : 0;
    record->address = sent ? 0 : (uint64_t)(uintptr_t)info->si_addr;
    record->slot = me ? me->slot : -1;
    record->frame[0] = t.begin;
    record->frames = 1;
    ring();
    if (number == SIGSEGV && record->address == t.begin)
        record->frame[record->frames++] = return_address(context);
    else
        _Unwind_Backtrace(visit, &t);
    atomic_store_explicit(&record->stage, ST_CRASH_TRACED, memory_order_release);
}

/* Ends the process by the default action of the signal, which the handler's mask holds back so far. */
static void die(int number) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, number);
    for (;;) {
        signal(number, SIG_DFL);
        syscall(SYS_tgkill, getpid(), this_thread(), number);
        pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
    }
}

static void wait_for_the_end(void) {
    for (;;) pause();
}

static void handle(int number, siginfo_t *info, void *context) {
    int id = this_thread(), nobody = 0;
    if (getpid() != process) die(number); /* a child that a plugin forked: not ours to tell of */
    if (atomic_compare_exchange_strong(&first, &nobody, id))
        tell(number, info, context, id);
    else if (nobody != id)
        wait_for_the_end();
    else
        number = status->crash.signal; /* the unwinder fell too */
    die(number);
}

/* ---- a plugin that calls exit ---- */

/* Nobody of ours does: workers end by _exit. The callers of exit are told like those of a crash. */
static void tell_exit(void) {
    st_crash_record *record = &status->crash;
    struct thread *me = find_thread(this_thread());
    trace t = {.record = record, .begin = (uint64_t)(uintptr_t)__builtin_return_address(0)}; /* where handlers are run */
    if (getpid() != process || atomic_load(&first) != 0) return;
    record->signal = record->si_code = record->sender = 0;
    record->address = record->stack = 0;
    record->slot = me ? me->slot : -1;
    record->frames = 0;
    ring();
    _Unwind_Backtrace(visit, &t);
    atomic_store_explicit(&record->stage, ST_CRASH_TRACED, memory_order_release);
}

/* ---- before it comes to that ---- */

static void install(int number) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    for (unsigned i = 0; i < FATALS; i++) sigdelset(&action.sa_mask, fatal[i]);
    sigaction(number, &action, NULL);
}

static _Unwind_Reason_Code ignore(struct _Unwind_Context *context, void *user_data) {
    (void)context, (void)user_data;
    return _URC_NO_REASON;
}

void st_crash_install(st_status_page *page, int bell_fd) {
    status = page;
    bell = fcntl(bell_fd, F_DUPFD_CLOEXEC, HIGH_FD);
    if (bell < 0) bell = dup(bell_fd);
    process = getpid();
    _Unwind_Backtrace(ignore, NULL);
    for (unsigned i = 0; i < FATALS; i++) install(fatal[i]);
    atexit(tell_exit);
}

static void use_stack(void *memory) {
    stack_t stack = {.ss_sp = (char *)memory + PAGE_BYTES, .ss_size = STACK_BYTES};
    sigaltstack(&stack, NULL);
}

void st_crash_enter(int32_t slot) {
    struct thread *me = NULL;
    void *memory;
    for (unsigned i = 0; i < THREADS && !me; i++) {
        int nobody = 0;
        if (atomic_compare_exchange_strong(&threads[i].id, &nobody, -1)) me = &threads[i];
    }
    if (!me) return;
    memory = mmap(NULL, PAGE_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    me->stack = memory == MAP_FAILED ? NULL : memory;
    me->slot = slot;
    if (me->stack) {
        mprotect(memory, PAGE_BYTES, PROT_NONE); /* the handler, too, may go too deep */
        use_stack(memory);
    }
    atomic_store_explicit(&me->id, this_thread(), memory_order_release);
}

void st_crash_leave(void) {
    static const stack_t none = {.ss_flags = SS_DISABLE};
    struct thread *me = find_thread(this_thread());
    if (!me) return;
    sigaltstack(&none, NULL);
    if (me->stack) munmap(me->stack, PAGE_BYTES + STACK_BYTES);
    atomic_store_explicit(&me->id, 0, memory_order_release);
}

void st_crash_rearm(void) {
    struct thread *me;
    stack_t stack;
    if (!status) return;
    for (unsigned i = 0; i < FATALS; i++) {
        struct sigaction now;
        if (sigaction(fatal[i], NULL, &now) == 0 && (!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != handle) &&
            atomic_load(&first) == 0)
            install(fatal[i]);
    }
    if (sigaltstack(NULL, &stack) == 0 && stack.ss_flags & SS_DISABLE && (me = find_thread(this_thread())) && me->stack)
        use_stack(me->stack);
}
