"""Opening media files without ever blocking the control loop, and saying plainly why one cannot be opened.

Only regular files are media. ``O_NONBLOCK`` keeps a FIFO or a device from holding the open; ``fstat`` then judges what
really was opened, so that nothing can change between a look and the open.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from host.errors import MediaError
from host.where import Where, extension_of, label_of

__all__ = ["Media", "open_regular", "why_not"]

OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
LABEL_CHARS = 4000

_KINDS = (
    (stat.S_ISDIR, "is a directory", "give the files in it, or the directory to `play`"),
    (stat.S_ISFIFO, "is a FIFO", "write its content to a file first"),
    (stat.S_ISCHR, "is a device node", "give a media file"),
    (stat.S_ISBLK, "is a device node", "give a media file"),
    (stat.S_ISSOCK, "is a socket", "give a media file"),
)
_OPEN_FAILURES = {
    errno.ENOENT: ("no such file", "check the spelling"),
    errno.ENOTDIR: ("no such file: a part of the path is not a directory", "check the spelling"),
    errno.EACCES: ("permission denied", "make it readable for you"),
    errno.EPERM: ("permission denied", "make it readable for you"),
    errno.ENAMETOOLONG: ("the name is too long", "check the spelling"),
    errno.ELOOP: ("its symbolic links lead in a circle", "give the real file"),
    errno.ENXIO: ("is a socket or a device without driver", "give a media file"),
    errno.EMFILE: ("too many open files", "raise `ulimit -n`"),
}


@dataclass(slots=True)
class Media:
    """An open media file; owns its descriptor. A context manager; closing twice is fine."""

    path: Path
    fd: int
    size_bytes: int
    #: What it was asked for as.
    where: Where
    _closed: bool = field(default=False, init=False, repr=False)

    @property
    def label(self) -> str:
        """The path as text that may go over the wire: never to be opened again."""
        return label_of(self.path)[-LABEL_CHARS:]

    @property
    def extension(self) -> str:
        """Lowercase, without dot; empty when there is none."""
        return extension_of(self.label)

    @property
    def closed(self) -> bool:
        """Whether the number in ``fd`` is nobody's by now, or another file's."""
        return self._closed

    def close(self) -> None:
        """Lets go of the file."""
        if not self._closed:
            self._closed = True
            os.close(self.fd)

    def __enter__(self) -> Media:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def why_not(path: Path, error: OSError | ValueError) -> MediaError:
    """The one line for a failure of ``open``."""
    if isinstance(error, ValueError):
        return MediaError(f"{path}: no such file: the name holds a NUL", remedy="check the spelling")
    text, remedy = _OPEN_FAILURES.get(
        error.errno or 0, (error.strerror or "cannot be opened", "see the system's message")
    )
    return MediaError(f"{path}: {text}", remedy=remedy)


def open_regular(path: Path, where: Where | None = None) -> Media:
    """Opens a regular file that holds something. Blocks: call it off the loop.

    ``where``: what led to it, if not its path.

    Raises:
        MediaError: missing, forbidden, empty, or anything but a regular file.
    """
    try:
        fd = os.open(path, OPEN_FLAGS)
    except (OSError, ValueError) as error:
        raise why_not(path, error) from error
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            for is_kind, text, remedy in _KINDS:
                if is_kind(facts.st_mode):
                    raise MediaError(f"{path}: {text}, not a media file", remedy=remedy)
            raise MediaError(f"{path}: is not a regular file", remedy="give a media file")
        if facts.st_size == 0:
            raise MediaError(f"{path}: the file is empty", remedy="copy or download it again")
    except BaseException:
        os.close(fd)
        raise
    return Media(path, fd, facts.st_size, where or path)
