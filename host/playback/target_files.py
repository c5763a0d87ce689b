"""The files that an output's target names: new and open, put in place when the output has closed them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from host.errors import OutputError
from host.patience import off_loop
from host.playback.target_file import TargetFile
from host.runtime import FileGrant, FileGrants

__all__ = ["NO_TARGET_FILES", "TargetFiles", "create_target_file", "create_target_files"]

FILE_TIMEOUT_S = 10.0


class TargetFiles:
    """By the strings that name them. Blocks in ``commit``: call it off the loop."""

    def __init__(self, files: Iterable[tuple[str, TargetFile]] = ()) -> None:
        """Takes them over."""
        self._files = tuple(files)

    @property
    def grants(self) -> FileGrants:
        """What goes along with an open, as long as they are neither in place nor gone."""
        return FileGrants(tuple(FileGrant(name, file.fd) for name, file in self._files))

    def commit(self) -> None:
        """Puts all in place; harmless a second time. Raises: OutputError."""
        for _, file in self._files:
            file.commit()

    def discard(self) -> None:
        """Drops what is not in place; harmless a second time."""
        for _, file in self._files:
            file.discard()


#: Of an output that writes none.
NO_TARGET_FILES = TargetFiles()


async def create_target_files(names: Sequence[str], sources: Iterable[Path]) -> TargetFiles:
    """New files of these names; ``sources`` are files they must not be.

    Raises:
        StellaError: one cannot be written there, or is a source; none is left then.
    """
    made: list[tuple[str, TargetFile]] = []
    known = tuple(sources)
    try:
        for name in names:
            made.append((name, await create_target_file(Path(name), known)))
    except BaseException:
        TargetFiles(made).discard()
        raise
    return TargetFiles(made)


async def create_target_file(path: Path, sources: Iterable[Path]) -> TargetFile:
    """One new file. Raises: as ``create_target_files``."""
    try:
        return await off_loop(lambda: TargetFile.create(path, sources), FILE_TIMEOUT_S, discard=TargetFile.discard)
    except TimeoutError as error:
        raise OutputError(
            f"{path}: not created within {FILE_TIMEOUT_S:g} s", remedy="look at the file system it would lie on"
        ) from error
