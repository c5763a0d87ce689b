"""Many files opened at once for a scan, without ever waiting for one that is none. Blocks: off the loop.

In one call of C, because with each call to the system Python lets go of its interpreter, and while the loop is busy it
takes longer to have it back than to open a file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from host.errors import MediaError
from host.library._opening import ffi, lib
from host.media import OPEN_FLAGS, open_regular

__all__ = ["close_all", "open_all"]

_DESCRIPTORS = ffi.typeof("int32_t[]")


def open_all(paths: Sequence[bytes]) -> list[int | MediaError | None]:
    """Descriptors, which are the caller's, or why there is none; None for a file that vanished since it was seen."""
    fds = ffi.new(_DESCRIPTORS, len(paths))
    # SAFETY: as many names as are counted, each ended by a NUL; a path from the system holds none.
    lib.st_library_open_all(b"\0".join((*paths, b"")), len(paths), OPEN_FLAGS, fds)
    found: list[int] = ffi.unpack(fds, len(paths))
    if -1 not in found:
        return list(found)
    return [fd if fd >= 0 else _open_alone(path) for fd, path in zip(found, paths, strict=True)]


def close_all(found: Sequence[int | MediaError | None]) -> None:
    """Closes those that were opened."""
    fds = [each for each in found if isinstance(each, int)]
    lib.st_library_close_all(fds, len(fds))


def _open_alone(path: bytes) -> int | MediaError | None:
    try:
        return open_regular(Path(os.fsdecode(path))).fd
    except MediaError as error:
        return error if os.path.lexists(path) else None
