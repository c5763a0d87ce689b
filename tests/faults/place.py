"""A folder of its own for one trial, temporary files of all its processes included; and what it left behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.census import left_behind, take

__all__ = ["Place", "place"]


class Place:
    """``folder``: for the trial. ``left``: what it left behind, once the block is over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.left: list[str] = []


@contextmanager
def place() -> Iterator[Place]:
    """The folder is gone afterwards."""
    before = os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory(prefix="stellatune-faults-") as name:
        made = Place(Path(name) / "trial")
        temporary = Path(name) / "temporary"
        for folder in (made.folder, temporary):
            folder.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        try:
            census = take()
            yield made
            made.left = left_behind(census)
        finally:
            tempfile.tempdir = None
            del os.environ["TMPDIR"]
            if before is not None:
                os.environ["TMPDIR"] = before
