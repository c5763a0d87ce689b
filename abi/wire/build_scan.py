"""Builds ``abi.wire._scan``, the check that every packet passes before objects are made from it."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("int st_wire_scan(const uint8_t *data, size_t len, uint32_t max_depth, uint32_t max_items);")
ffibuilder.set_source(
    "abi.wire._scan",
    '#include "scan.h"',
    sources=["abi/wire/csrc/scan.c"],
    include_dirs=["abi/wire/csrc"],
    depends=["abi/wire/csrc/scan.h"],
    extra_compile_args=["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"],
)
