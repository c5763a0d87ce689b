"""What code a process has mapped, so that an address of it can be named when the process is no more."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

__all__ = ["Mapping", "read_maps"]

_READ_BYTES = 64 << 10


class Mapping(NamedTuple):
    """Executable memory ``[start, end)`` of a file that is mapped from ``base`` on."""

    start: int
    end: int
    base: int
    path: str


def read_maps(pid: int) -> tuple[Mapping, ...]:
    """The executable mappings of files; empty when the process is gone."""
    with suppress(OSError):
        maps = os.open(f"/proc/{pid}/maps", os.O_RDONLY | os.O_CLOEXEC)  # a file object leaks its name when this fails
        try:
            text = b"".join(iter(lambda: os.read(maps, _READ_BYTES), b""))
        finally:
            os.close(maps)
        return _parse(text.decode("utf-8", "backslashreplace"))
    return ()


def _parse(text: str) -> tuple[Mapping, ...]:
    found: list[Mapping] = []
    bases: dict[str, int] = {}
    for line in text.splitlines():
        columns = line.split(maxsplit=5)
        if len(columns) < 6 or columns[5].startswith("["):
            continue  # memory without a file
        begin, _, end = columns[0].partition("-")
        start, path = int(begin, 16), columns[5]
        if int(columns[2], 16) == 0:
            bases[path] = start
        if "x" in columns[1]:
            found.append(Mapping(start, int(end, 16), bases.get(path, start), path))
    return tuple(found)
