"""Files that a stage's configuration names: opened before the stage is made, open while the configuration is in force.

A plugin opens no files. A successor of a dead stage is handed what its forerunner had, so it reads the very same file,
whatever has become of its name. All of them share one offset, which nobody moves (`take_file` in host.h).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from host.errors import ConfigRejected
from host.jsontext import JsonObject
from host.media import OPEN_FLAGS, why_not
from host.packages import FileMode, file_strings
from host.patience import off_loop
from host.runtime import MAX_GRANTS, FileGrant, FileGrants

__all__ = ["NO_FILES", "ConfigFiles", "open_config_files"]

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISCHR, "a device node"),
    (stat.S_ISBLK, "a device node"),
)


class ConfigFiles:
    """Open files by the strings that name them; owns the descriptors. A context manager; closing twice is fine."""

    def __init__(self, grants: Iterable[FileGrant] = ()) -> None:
        """Takes over the descriptors."""
        self._grants = tuple(grants)

    @property
    def grants(self) -> FileGrants:
        """What goes along with a create, while this is open; nothing afterwards."""
        return FileGrants(self._grants)

    def copy(self) -> ConfigFiles:
        """The very same files, to be closed by themselves. Raises: ConfigRejected when too many files are open."""
        copied: list[FileGrant] = []
        for grant in self._grants:
            try:
                copied.append(FileGrant(grant.value, os.dup(grant.fd)))
            except OSError as error:
                ConfigFiles(copied).close()
                raise ConfigRejected(f"{grant.value}: {error.strerror}", remedy="raise `ulimit -n`") from error
        return ConfigFiles(copied)

    def close(self) -> None:
        """Lets go of the files."""
        grants, self._grants = self._grants, ()
        for grant in grants:
            os.close(grant.fd)

    def __enter__(self) -> ConfigFiles:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


#: Of a configuration that names none.
NO_FILES = ConfigFiles()


async def open_config_files(owner: str, schema: JsonObject, config: JsonObject, timeout_s: float) -> ConfigFiles:
    """Opens what a configuration wants to read; an empty name means no file. ``owner``: as users write it.

    Raises:
        ConfigRejected: one is missing, forbidden, no regular file; too many; or a file system does not answer.
    """
    found = file_strings(schema, config)
    names = [name for mode, name in found if mode is FileMode.READ and name]
    if not names:
        return NO_FILES
    if len(names) > MAX_GRANTS:
        raise ConfigRejected(
            f"config of {owner}: names {len(names)} files; {MAX_GRANTS} is the most", remedy="leave some out"
        )
    try:
        return await off_loop(lambda: _open_all(owner, names), timeout_s, discard=ConfigFiles.close)
    except TimeoutError as error:
        raise ConfigRejected(
            f"config of {owner}: {', '.join(names)}: not open after {timeout_s:g} s",
            remedy="look at the file system (a network mount?) it lies on",
        ) from error


def _open_all(owner: str, names: Iterable[str]) -> ConfigFiles:
    opened: list[FileGrant] = []
    try:
        for name in names:
            opened.append(FileGrant(name, _open(owner, name)))
    except BaseException:
        ConfigFiles(opened).close()
        raise
    return ConfigFiles(opened)


def _open(owner: str, name: str) -> int:
    """Never waits for the other end of a FIFO; ``fstat`` judges what really was opened."""
    try:
        fd = os.open(name.encode(), OPEN_FLAGS)
    except (OSError, ValueError) as error:
        raise _refusal(owner, name, error) from error
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return fd
    os.close(fd)
    kind = next((text for is_kind, text in _KINDS if is_kind(mode)), "something else")
    raise ConfigRejected(f"config of {owner}: {name}: is {kind}, not a regular file", remedy="give a regular file")


def _refusal(owner: str, name: str, error: OSError | ValueError) -> ConfigRejected:
    if isinstance(error, UnicodeEncodeError):
        return ConfigRejected(f"config of {owner}: a file name in it is not UTF-8", remedy="rename the file")
    reason = why_not(Path(name), error)
    return ConfigRejected(f"config of {owner}: {reason.message}", remedy=reason.remedy)
