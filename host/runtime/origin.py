"""What a generation was loaded from: tells whether a plugin's files are others than before, and reads them again.

Blocking; the runtime calls it off the loop.
"""

from __future__ import annotations

from contextlib import suppress

from host.errors import LoadFailed
from host.packages import PluginManifest, read_manifest

__all__ = ["FileMark", "mark_of", "read_again"]

#: Device, inode, size and time of change of library or module, and of plugin.toml; empty where one is not there.
FileMark = tuple[tuple[int, ...], ...]

_MANIFEST = "plugin.toml"


def mark_of(manifest: PluginManifest) -> FileMark:
    """Differs once a file was rebuilt, replaced or touched."""
    marks: list[tuple[int, ...]] = []
    for path in (manifest.entry, manifest.folder / _MANIFEST):
        found: tuple[int, ...] = ()
        with suppress(OSError):
            stat = path.stat()
            found = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
        marks.append(found)
    return tuple(marks)


def read_again(manifest: PluginManifest) -> tuple[PluginManifest, FileMark]:
    """The plugin as its folder has it now.

    Raises:
        ManifestError, IncompatibleVersion: plugin.toml is of no use. NotBuilt: its library is gone.
        LoadFailed: another plugin lives there now.
    """
    found = read_manifest(manifest.folder)
    if (absent := found.not_built()) is not None:
        raise absent
    if found.id != manifest.id:
        raise LoadFailed(
            f"{manifest.folder} holds {found.id} now, not {manifest.id}", remedy="start the host again to find it"
        )
    return found, mark_of(found)
