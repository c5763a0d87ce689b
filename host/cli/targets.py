"""Files that a command writes: opened beside their place, put in place when all went well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from host.cli.interrupts import Interrupts
from host.errors import Usage
from host.playback import TargetFile, create_target_file, is_same_target

__all__ = ["report_file"]


@asynccontextmanager
async def report_file(
    path: Path | None, output: Path, sources: Sequence[Path], interrupts: Interrupts
) -> AsyncIterator[TargetFile | None]:
    """A new file for the report, if one is wanted; the block commits it.

    Raises:
        StellaError: it cannot be written there, or is an input or the output.
    """
    if path is None:
        yield None
        return
    if is_same_target(path, output):
        raise Usage(f"{path}: is the output too", remedy="give the report another name")
    with await create_target_file(path, sources) as target:
        interrupts.on_abandon(target.discard)
        yield target
