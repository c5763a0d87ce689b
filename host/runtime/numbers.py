"""Numbers for generations: they only rise, also across restarts of the host and between hosts that run side by side.

One file in the state directory holds the last number of every plugin, one line each. Blocking; the runtime calls it
off the loop.
"""

from __future__ import annotations

from pathlib import Path

from host.errors import LoadFailed
from host.ids import Generation, PluginId
from host.whole_file import WholeFile

__all__ = ["GenerationNumbers"]

_FILE = "generations"


class GenerationNumbers:
    """Hands out numbers."""

    def __init__(self, state_dir: Path) -> None:
        self._file = WholeFile(state_dir / _FILE)

    def next(self, plugin_id: PluginId) -> Generation:
        """A number that this plugin never had, greater than all it had.

        Raises:
            LoadFailed: the file cannot be read, written or locked, or is damaged.
        """
        try:
            with self._file.locked():
                numbers = self._read()
                number = numbers.get(plugin_id, 0) + 1
                numbers[plugin_id] = number
                lines = (f"{name} {last}\n" for name, last in sorted(numbers.items()))
                self._file.replace("".join(lines).encode("ascii"))
        except OSError as error:
            raise LoadFailed(
                f"{self._file.path}: cannot number a new generation of {plugin_id}: {error.strerror or error}",
                remedy="the state directory must be writable",
            ) from error
        return Generation(number)

    def _read(self) -> dict[str, int]:
        try:
            lines = (self._file.read() or b"").decode("ascii").splitlines()
            return {plugin_id: int(number) for plugin_id, number in (line.split() for line in lines)}
        except ValueError as error:
            raise LoadFailed(
                f"{self._file.path}: damaged, so no new generation can be numbered", remedy="move the file away"
            ) from error
