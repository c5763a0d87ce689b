"""Files that a command writes: opened beside their place, put in place when all went well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from host.app import Application, files_to_write
from host.cli.interrupts import Interrupts
from host.errors import Usage
from host.playback import Input, Output, TargetFile, create_target_file, create_target_files, is_same_target

__all__ = ["granted", "report_file"]


@asynccontextmanager
async def granted(
    app: Application, output: Output, inputs: Sequence[Input], interrupts: Interrupts
) -> AsyncIterator[Output]:
    """The output with its files open; they are in place when the block ends well, and gone when it does not.

    Raises:
        StellaError: a file cannot be written there, or is an input too.
    """
    manifest = app.discovery.plugins[output.stage.plugin_id]
    capability = next(each for each in manifest.capabilities if each.type_id == output.stage.type_id)
    sources = [source.path for source in inputs if source.refused is None]
    targets = await create_target_files(files_to_write(capability, output.target), sources)
    try:
        interrupts.on_abandon(targets.discard)
        yield replace(output, files=targets.grants, written=targets)
        targets.commit()
    finally:
        targets.discard()


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
