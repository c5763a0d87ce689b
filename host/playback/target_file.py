"""The file a render goes to: written beside its place and renamed when it is whole, so that nobody sees a half.

An existing file stays as it is until the new one is complete. Blocks: call it off the loop.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from host.errors import NotFound, OutputError, StellaError, Usage

__all__ = ["TargetFile"]

CREATE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
NAME_BYTES = 200  # of the target's name inside the temporary one: 255 is the usual limit of a file system

_CREATE_FAILURES: dict[int, tuple[type[StellaError], str, str]] = {
    errno.ENOENT: (NotFound, "the folder does not exist", "make it: mkdir -p {folder}"),
    errno.ENOTDIR: (NotFound, "its folder is not a directory", "choose another place"),
    errno.EACCES: (OutputError, "no permission to write into the folder", "choose a folder you may write to"),
    errno.EPERM: (OutputError, "no permission to write into the folder", "choose a folder you may write to"),
    errno.EROFS: (OutputError, "the file system is read-only", "choose another place"),
    errno.ENOSPC: (OutputError, "no space left on the device", "free some space"),
    errno.EDQUOT: (OutputError, "your disk quota is used up", "free some space"),
    errno.ENAMETOOLONG: (Usage, "the name is too long", "choose a shorter one"),
}


class TargetFile:
    """A temporary file beside its target; ``fd`` is open for reading and writing.

    ``commit`` puts it in place, ``discard`` removes it; what is neither on leaving the ``with`` block is discarded.
    """

    def __init__(self, path: Path, part: Path, fd: int) -> None:
        self.path = path
        self.fd = fd
        self._part: Path | None = part

    @classmethod
    def create(cls, path: Path, sources: Iterable[Path] = ()) -> TargetFile:
        """Makes the temporary file; ``sources`` are the files it must not be.

        Raises:
            Usage: a directory, a device, a source itself. NotFound: a missing folder. OutputError: a forbidden one.
        """
        if not path.name or path.name == "..":
            raise Usage(f"{path}: names no file", remedy="give a file name")
        real = Path(os.path.realpath(path))
        _refuse_existing(path, real, sources)
        stem = os.fsdecode(os.fsencode(real.name)[:NAME_BYTES])
        part = real.with_name(f".{stem}.{secrets.token_hex(4)}.part")
        try:
            fd = os.open(part, CREATE_FLAGS, 0o666)  # the process's umask applies
        except OSError as error:
            unknown = (OutputError, error.strerror or "cannot be written", "choose another place")
            kind, text, remedy = _CREATE_FAILURES.get(error.errno or 0, unknown)
            raise kind(f"{path}: {text}", remedy=remedy.format(folder=real.parent)) from error
        return cls(real, part, fd)

    def commit(self) -> None:
        """Puts the file in its place, in one step.

        Raises:
            OutputError: the rename failed; the temporary file is gone then.
        """
        if self._part is None:
            return
        try:
            self._part.replace(self.path)
        except OSError as error:
            self.discard()
            raise OutputError(
                f"{self.path}: cannot be put in place: {error.strerror}", remedy="look at its folder"
            ) from error
        self._part = None
        self._close()

    def discard(self) -> None:
        """Removes the temporary file; harmless after ``commit`` and a second time."""
        if self._part is not None:
            with contextlib.suppress(OSError):
                self._part.unlink()
            self._part = None
        self._close()

    def _close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> TargetFile:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.discard()


def _refuse_existing(path: Path, real: Path, sources: Iterable[Path]) -> None:
    try:
        facts = real.stat()
    except OSError:
        return  # not there, or creating beside it will say why not
    if stat.S_ISDIR(facts.st_mode):
        raise Usage(f"{path}: is a directory", remedy="give a file name in it")
    if not stat.S_ISREG(facts.st_mode):
        raise Usage(f"{path}: is not a regular file", remedy="give a name for a new file")
    for source in sources:
        with contextlib.suppress(OSError, ValueError):
            if os.path.samestat(facts, source.stat()):
                raise Usage(f"{path}: is an input too ({source})", remedy="give the output another name")
