"""Files that a command writes: opened beside their place, put in place when all went well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from host.app import Application
from host.cli.interrupts import Interrupts
from host.cli.wiring import files_to_write
from host.errors import OutputError, Usage
from host.playback import Input, Output, TargetFile, is_same_target, off_loop
from host.runtime import FileGrant, FileGrants

__all__ = ["granted", "report_file"]

FILE_TIMEOUT_S = 10.0


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
    with ExitStack() as stack:
        targets: list[tuple[str, TargetFile]] = []
        for value in files_to_write(capability, output.target):
            target = await _in_time(Path(value), sources)
            stack.enter_context(target)
            interrupts.on_abandon(target.discard)
            targets.append((value, target))
        yield replace(output, files=FileGrants(tuple(FileGrant(value, target.fd) for value, target in targets)))
        for _, target in targets:
            target.commit()


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
    with await _in_time(path, sources) as target:
        interrupts.on_abandon(target.discard)
        yield target


async def _in_time(path: Path, sources: Sequence[Path]) -> TargetFile:
    try:
        return await off_loop(lambda: TargetFile.create(path, sources), FILE_TIMEOUT_S, discard=TargetFile.discard)
    except TimeoutError as error:
        raise OutputError(
            f"{path}: not created within {FILE_TIMEOUT_S:g} s", remedy="look at the file system it would lie on"
        ) from error
