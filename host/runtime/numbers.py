"""Numbers for generations: they only rise, also across restarts of the host and between hosts that run side by side.

One file in the state directory holds the last number of every plugin, one line each. It is replaced whole, under a
lock of its own. Blocking; the runtime calls it off the loop.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host.errors import LoadFailed
from host.ids import Generation, PluginId

__all__ = ["GenerationNumbers"]

_FILE = "generations"
_LOCK_PATIENCE_S = 2.0
_LOCK_RETRY_S = 0.005


class GenerationNumbers:
    """Hands out numbers. The directory is made when it is first needed."""

    def __init__(self, state_dir: Path) -> None:
        self._dir = state_dir
        self._path = state_dir / _FILE

    def next(self, plugin_id: PluginId) -> Generation:
        """A number that this plugin never had, greater than all it had.

        Raises:
            LoadFailed: the file cannot be read, written or locked, or is damaged.
        """
        try:
            self._dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._locked():
                numbers = self._read()
                number = numbers.get(plugin_id, 0) + 1
                self._write({**numbers, plugin_id: number})
        except OSError as error:
            raise LoadFailed(
                f"{self._path}: cannot number a new generation of {plugin_id}: {error.strerror or error}",
                remedy="the state directory must be writable",
            ) from error
        return Generation(number)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fd = os.open(self._dir / f"{_FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            deadline = time.monotonic() + _LOCK_PATIENCE_S
            while True:
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(_LOCK_RETRY_S)
            yield
        finally:
            os.close(fd)

    def _read(self) -> dict[str, int]:
        try:
            lines = self._path.read_text(encoding="ascii").splitlines()
            return {plugin_id: int(number) for plugin_id, number in (line.split() for line in lines)}
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise LoadFailed(
                f"{self._path}: damaged, so no new generation can be numbered", remedy="move the file away"
            ) from error

    def _write(self, numbers: dict[str, int]) -> None:
        beside = self._path.with_name(f"{_FILE}.new")
        with beside.open("w", encoding="ascii") as file:
            file.write("".join(f"{name} {number}\n" for name, number in sorted(numbers.items())))
            file.flush()
            os.fsync(file.fileno())  # after a power cut the old or the new, never an empty one
        beside.replace(self._path)
