/*
 * python.c: a Python that has the address sanitizer in it from its first instruction, and lets it see each allocation.
 *
 * So it needs nothing of its environment, which the host and the tests do not hand on. REPORTS is where findings go to, a
 * file for each process; each start makes a mark in MARKS.
 */
#include <Python.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#define OPTIONS "log_path=" REPORTS ":print_stacktrace=1:halt_on_error=1"

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* Leaks are CPython's by intention; a request for more memory than there is gets what libc would give; the worker has
   alternate stacks of its own; and as many processes as there are must fit into the machine. */
__attribute__((visibility("default"))) const char *__asan_default_options(void) {
    return OPTIONS ":abort_on_error=1:detect_leaks=0:allocator_may_return_null=1:use_sigaltstack=0:quarantine_size_mb=16";
}

__attribute__((visibility("default"))) const char *__ubsan_default_options(void) { return OPTIONS; }

/* The two runtimes export one name: what log_path sets for the second would be set in the first once more. */
static int redirect_undefined(void) {
    void *library = dlopen("libubsan.so.1", RTLD_NOW | RTLD_NOLOAD);
    void (*set_path)(const char *) = library ? (void (*)(const char *))dlsym(library, "__sanitizer_set_report_path") : NULL;
    if (set_path) set_path(REPORTS);
    return set_path != NULL;
}

static int make_mark(void) {
    int fd = open(MARKS, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int made = fd >= 0 && write(fd, "p", 1) == 1;
    if (fd >= 0) close(fd);
    return made;
}

int main(int argc, char **argv) {
    PyPreConfig config;
    PyPreConfig_InitPythonConfig(&config);
    config.allocator = PYMEM_ALLOCATOR_MALLOC;
    if (!redirect_undefined() || !make_mark() || PyStatus_Exception(Py_PreInitializeFromBytesArgs(&config, argc, argv))) {
        fputs("this Python cannot be instrumented\n", stderr);
        return 1;
    }
    return Py_BytesMain(argc, argv);
}
