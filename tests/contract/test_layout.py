"""Every struct has one layout: in C, in C++ and in the compiled modules that host and worker load."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from abi import cdef
from plugin_worker import _core as worker_core
from plugin_worker.layout import struct_sizes
from shm_audio import _core as host_core

ROOT = Path(__file__).resolve().parents[2]
STRUCTS = sorted(
    name
    for header in cdef.HEADERS
    for name in re.findall(r"typedef struct (\w+)", (cdef.INCLUDE_DIR / "stellatune" / header).read_text())
)
INCLUDES = ["-Iabi/include", "-Ishm_audio/csrc", "-Iplugin_worker/csrc"]
COMPILERS = {
    "C": ["gcc", "-std=c11", "-x", "c"],
    "C++": ["g++", "-std=c++17", "-x", "c++", "-Wno-invalid-offsetof"],
}


def in_cffi(name: str) -> dict[str, tuple[int, int]]:
    """Offset and size of each field; the whole struct stands under the empty name."""
    ffi = worker_core.ffi
    rows = {field: (ffi.offsetof(name, field), ffi.sizeof(kind.type)) for field, kind in ffi.typeof(name).fields}
    return {"": (0, ffi.sizeof(name)), **rows}


def compiled(
    tmp_path: Path, compiler: list[str], header: str, rows: list[tuple[str, str]]
) -> dict[str, tuple[int, int]]:
    """What a compiler says about struct members, keyed ``Struct.member`` (``Struct.`` for the whole)."""
    lines = [
        f'printf("{name}.{field} %zu %zu\\n", offsetof({name}, {field}), sizeof((({name} *)0)->{field}));'
        if field
        else f'printf("{name}. 0 %zu\\n", sizeof({name}));'
        for name, field in rows
    ]
    includes = f"#include <stddef.h>\n#include <stdio.h>\n#include {header}\n"
    source = f"{includes}int main(void) {{\n{chr(10).join(lines)}\nreturn 0;\n}}\n"
    program = tmp_path / "layout"
    command = [*compiler, "-Wall", "-Werror", *INCLUDES, "-o", str(program), "-"]
    subprocess.run(command, input=source, text=True, cwd=ROOT, check=True)
    printed = subprocess.run([str(program)], text=True, capture_output=True, check=True).stdout
    return {key: (int(offset), int(size)) for key, offset, size in map(str.split, printed.splitlines())}


@pytest.mark.parametrize("language", COMPILERS)
def test_the_abi_has_one_layout(language: str, tmp_path: Path) -> None:
    expected = {f"{name}.{field}": place for name in STRUCTS for field, place in in_cffi(name).items()}
    rows = [(name, field) for name in STRUCTS for field in in_cffi(name)]
    assert compiled(tmp_path, COMPILERS[language], "<stellatune/stellatune.h>", rows) == expected
    assert len(STRUCTS) >= 20
    assert len(rows) >= 120


def test_what_is_shared_has_one_size(tmp_path: Path) -> None:
    """The host's module, the worker's module and the headers agree on the structs that both sides map."""
    names = (
        *("st_ring_words", "st_ring_format", "st_status_page", "st_checkpoint_format", "st_checkpoint_slot"),
        *("st_stream_words", "st_stream_format"),
    )
    told = compiled(tmp_path, COMPILERS["C"], '"pump.h"', [(name, "") for name in names])
    sizes = tuple(told[f"{name}."][1] for name in names)
    assert struct_sizes() == sizes
    assert host_core.ffi.sizeof("st_ring_words") == sizes[0]
    assert host_core.ffi.sizeof("st_ring_format") == sizes[1]
    assert sizes[2] == host_core.lib.ST_STATUS_BYTES
    assert tuple(host_core.ffi.sizeof(name) for name in names[3:]) == sizes[3:]
    assert worker_core.lib.ST_STATUS_LANES == host_core.lib.ST_STATUS_LANES


@pytest.mark.parametrize("name", ["st_ring_format", "st_lane_hint", "st_crash_hint"])
def test_what_the_host_reads_field_by_field(name: str, tmp_path: Path) -> None:
    ffi = host_core.ffi
    rows = [(name, field) for field, _ in ffi.typeof(name).fields]
    told = compiled(tmp_path, COMPILERS["C"], '"host_face.h"', rows)
    assert {field: told[f"{name}.{field}"][0] for _, field in rows} == {
        field: ffi.offsetof(name, field) for _, field in rows
    }
    assert len(rows) >= 9
