"""Builds ``host.library._opening``: many files opened, or closed, in one call."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef(
    "void st_library_open_all(const char *names, uint32_t count, int flags, int32_t *out_fds);"
    "void st_library_close_all(const int32_t *fds, uint32_t count);"
)
ffibuilder.set_source(
    "host.library._opening",
    '#include "opening.h"',
    sources=["host/library/csrc/opening.c"],
    include_dirs=["host/library/csrc"],
    depends=["host/library/csrc/opening.h"],
    extra_compile_args=["-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror"],
)
