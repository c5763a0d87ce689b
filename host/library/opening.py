"""Many files opened at once for a scan, without ever waiting for one that is none. Blocks: off the loop."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from host.errors import MediaError
from host.media import Media, open_regular

__all__ = ["close_all", "open_all"]


def open_all(paths: Sequence[bytes]) -> list[Media | MediaError | None]:
    """Each opened, or why not; None for one that vanished since it was seen."""
    return [_open(path) for path in paths]


def close_all(found: Sequence[Media | MediaError | None]) -> None:
    """Closes those that were opened."""
    for media in found:
        if isinstance(media, Media):
            with suppress(OSError):
                media.close()


def _open(path: bytes) -> Media | MediaError | None:
    try:
        return open_regular(Path(os.fsdecode(path)))
    except MediaError as error:
        return error if os.path.lexists(path) else None
