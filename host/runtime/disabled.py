"""Which plugins the user has switched off, remembered in the state directory.

A file that cannot be understood is named as a problem and ignored. Blocking; the runtime calls it off the loop.
"""

from __future__ import annotations

from pathlib import Path

from host.errors import PackageError
from host.ids import PluginId
from host.jsontext import dump_json, parse_json
from host.records import record
from host.whole_file import WholeFile

__all__ = ["DisabledPlugins", "Disablement"]

_FILE = "plugins.json"


@record
class Disablement:
    """Who is switched off, and what was wrong with the file that says so (empty: nothing)."""

    plugins: frozenset[PluginId] = frozenset()
    problem: str = ""


class DisabledPlugins:
    """The file of one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._file = WholeFile(state_dir / _FILE)

    def read(self) -> Disablement:
        """Never fails."""
        try:
            data = self._file.read()
            return Disablement() if data is None else Disablement(_names(data))
        except (OSError, ValueError) as error:
            return Disablement(problem=f"{self._file.path}: {error}; it is ignored, so no plugin is disabled")

    def set(self, plugin_id: PluginId, disabled: bool) -> Disablement:
        """Switches a plugin off or on again, whoever else changes the file.

        Raises:
            PackageError: it cannot be written.
        """
        try:
            with self._file.locked():
                before = self.read().plugins
                plugins = before | {plugin_id} if disabled else before - {plugin_id}
                self._file.replace(dump_json({"disabled": [*sorted(plugins)]}).encode() + b"\n")
        except OSError as error:
            raise PackageError(
                f"{self._file.path}: cannot be changed: {error.strerror or error}",
                remedy="the state directory must be writable",
            ) from error
        return Disablement(plugins)


def _names(data: bytes) -> frozenset[PluginId]:
    value = parse_json(data.decode("utf-8"))
    names = value.get("disabled") if isinstance(value, dict) else None
    if not isinstance(names, list):
        raise ValueError('is not of the form {"disabled": [...]}')
    return frozenset(PluginId(name) for name in names if isinstance(name, str))
