"""A file that is whole in its place or not there at all: what is written gets its name when it is complete.

An existing file stays as it is until then. Where the file system allows, the new one has no name before, so that not
even a killed host leaves anything; elsewhere it lies hidden beside its place. Blocks: call it off the loop.
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

__all__ = ["TargetFile", "is_same_target"]

NAMED_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
UNNAMED_FLAGS = os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC
FOLDER_FLAGS = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
MODE = 0o666  # the process's umask applies
NAME_BYTES = 200  # of the target's name inside the temporary one: 255 is the usual limit of a file system

_FAILURES: dict[int, tuple[type[StellaError], str, str]] = {
    errno.ENOENT: (NotFound, "the folder does not exist", "make it: mkdir -p {folder}"),
    errno.ENOTDIR: (NotFound, "its folder is not a directory", "choose another place"),
    errno.EACCES: (OutputError, "no permission to write into the folder", "choose a folder you may write to"),
    errno.EPERM: (OutputError, "no permission to write into the folder", "choose a folder you may write to"),
    errno.EROFS: (OutputError, "the file system is read-only", "choose another place"),
    errno.ENOSPC: (OutputError, "no space left on the device", "free some space"),
    errno.EDQUOT: (OutputError, "your disk quota is used up", "free some space"),
    errno.ENAMETOOLONG: (Usage, "the name is too long", "choose a shorter one"),
    errno.ELOOP: (Usage, "its symbolic links lead in a circle", "give the real name"),
}


class TargetFile:
    """A new file, not yet in its place; ``fd`` is open for reading and writing.

    ``commit`` puts it in place, ``discard`` drops it; what is neither on leaving the ``with`` block is discarded.
    """

    def __init__(self, path: Path, folder: int, fd: int, part: str) -> None:
        """Takes over both descriptors. ``part``: its name in the folder so far; empty when it has none."""
        self.path = path
        self.fd = fd
        self._folder = folder
        self._part = part

    @classmethod
    def create(cls, path: Path, sources: Iterable[Path] = ()) -> TargetFile:
        """Makes the new file; ``sources`` are the files it must not be.

        Raises:
            Usage: a directory, a device, a source itself, a name that cannot be. NotFound: a missing folder.
            OutputError: a forbidden one.
        """
        if not path.name or path.name == "..":
            raise Usage(f"{path}: names no file", remedy="give a file name")
        real = Path(os.path.realpath(path))
        _refuse_existing(path, real, sources)
        try:
            folder = os.open(real.parent, FOLDER_FLAGS)
        except OSError as error:
            raise _failure(path, real.parent, error) from error
        try:
            fd, part = _new_file(folder, real.name)
        except OSError as error:
            os.close(folder)
            if error.errno == errno.ENOENT:  # the folder is there: it is one of /proc or the like, or was just removed
                raise OutputError(f"{path}: cannot be written there", remedy="choose another place") from error
            raise _failure(path, real.parent, error) from error
        return cls(real, folder, fd, part)

    def commit(self) -> None:
        """Puts the file in its place, in one step.

        Raises:
            OutputError: that failed; the new file is gone then.
        """
        if self.fd < 0:
            return
        try:
            if not self._part:
                part = _hidden_name(self.path.name)
                os.link(_link_of(self.fd), part, dst_dir_fd=self._folder)  # dst_dir_fd makes it follow the link
                self._part = part
            os.replace(self._part, self.path.name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except OSError as error:
            self.discard()
            raise OutputError(
                f"{self.path}: cannot be put in place: {error.strerror}", remedy="look at its folder"
            ) from error
        self._part = ""
        self.discard()

    def discard(self) -> None:
        """Drops the new file; harmless after ``commit`` and a second time."""
        if self.fd < 0:
            return
        if self._part:
            with contextlib.suppress(OSError):
                os.unlink(self._part, dir_fd=self._folder)
        for fd in (self.fd, self._folder):
            os.close(fd)
        self.fd = self._folder = -1

    def __enter__(self) -> TargetFile:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.discard()


def is_same_target(one: Path, other: Path) -> bool:
    """Whether both names lead to one file, be it there already or not."""
    try:
        return os.path.samestat(one.stat(), other.stat())
    except (OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)


def _new_file(folder: int, name: str) -> tuple[int, str]:
    """An empty file in the folder, without a name where that can be done, and its name. Raises: OSError."""
    try:
        fd = os.open(".", UNNAMED_FLAGS, MODE, dir_fd=folder)
    except OSError:  # not every file system can; what else is wrong shows again below
        pass
    else:
        if Path(_link_of(fd)).exists():  # without /proc it could never get one
            return fd, ""
        os.close(fd)
    part = _hidden_name(name)
    return os.open(part, NAMED_FLAGS, MODE, dir_fd=folder), part


def _link_of(fd: int) -> str:
    return f"/proc/self/fd/{fd}"


def _hidden_name(name: str) -> str:
    return f".{os.fsdecode(os.fsencode(name)[:NAME_BYTES])}.{secrets.token_hex(4)}.part"


def _failure(path: Path, folder: Path, error: OSError) -> StellaError:
    unknown = (OutputError, error.strerror or "cannot be written", "choose another place")
    kind, text, remedy = _FAILURES.get(error.errno or 0, unknown)
    return kind(f"{path}: {text}", remedy=remedy.format(folder=folder))


def _refuse_existing(path: Path, real: Path, sources: Iterable[Path]) -> None:
    try:
        facts = real.stat()
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):  # told now, not when all is written
            raise _failure(path, real.parent, error) from error
        return  # not there, or creating beside it will say why not
    if stat.S_ISDIR(facts.st_mode):
        raise Usage(f"{path}: is a directory", remedy="give a file name in it")
    if not stat.S_ISREG(facts.st_mode):
        raise Usage(f"{path}: is not a regular file", remedy="give a name for a new file")
    for source in sources:
        with contextlib.suppress(OSError, ValueError):
            if os.path.samestat(facts, source.stat()):
                raise Usage(f"{path}: is an input too ({source})", remedy="choose another name")
