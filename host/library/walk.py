"""What stands in the roots, folder by folder: names, sizes and times of change, and nothing of what the files hold.

Blocks: a thread of its own. Opens no file. Symbolic links are followed, but no folder is entered twice, so that circles
end. Folders that cannot be read are remembered: what was known beneath them is not gone, it is out of sight.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from host.records import record
from host.where import label_of

__all__ = ["Folder", "Walk"]

#: Pictures beside the music, best first.
SIDE_COVERS = tuple(
    f"{stem}{ending}".encode() for stem in ("cover", "folder", "front") for ending in (".jpg", ".jpeg", ".png")
)
_KIND = 0o170000
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NONBLOCK


@record
class Folder:
    """One folder: its media files, as ``mark_of_file`` has them, and the picture beside them, if there is one."""

    path: bytes
    marks: Sequence[bytes]
    side_cover: bytes | None


class Walk:
    """Of one scan. ``extensions``: of files that are looked at, lowercase. ``warn`` is told what cannot be read.

    ``kept``: the roots of the library, which are out of sight when they are not there, and not gone. A walk that begins
    further down sees there what one from the root would see.
    """

    def __init__(
        self,
        roots: Sequence[bytes],
        excluded: Sequence[bytes],
        extensions: frozenset[str],
        warn: Callable[[str], None],
        kept: Collection[bytes],
    ) -> None:
        self._roots = [root.rstrip(b"/") or b"/" for root in roots]
        self._excluded = frozenset(folder.rstrip(b"/") for folder in excluded)
        self._extensions = extensions
        self._warn = warn
        self._kept = kept
        self._real_roots = [(root, os.path.realpath(root)) for root in kept]
        self._entered: set[tuple[int, int]] = set()
        #: Folders of which it is not known what is in them.
        self.unreadable: list[bytes] = []

    def folders(self) -> Iterator[Folder]:
        """Each folder that could be read. Real folders come before those that links lead to."""
        real = [root for root in reversed(self._roots) if not self._is_left_out(root)]
        linked: list[bytes] = []
        while real or linked:
            if not real and self._stands_in_a_root(linked[-1]):
                linked.pop()
                continue
            path = real.pop() if real else linked.pop()
            folder = self._enter(path, real, linked)
            if folder is not None:
                yield folder

    def _is_left_out(self, folder: bytes) -> bool:
        """Whether a folder on the way from its root is excluded or hidden."""
        path, hidden = folder, False
        while path not in self._kept:
            above, _, name = path.rpartition(b"/")
            if path in self._excluded:
                return True
            if not name:
                return False  # it lies in no root
            path, hidden = above or b"/", hidden or name.startswith(b".")
        return hidden

    def _stands_in_a_root(self, link: bytes) -> bool:
        """Whether what a link leads to is found without it, in this walk or another."""
        target = os.path.realpath(link)
        for root, real_root in self._real_roots:
            if target == real_root or target.startswith(real_root.rstrip(b"/") + b"/"):
                return not self._is_left_out((root.rstrip(b"/") + target[len(real_root.rstrip(b"/")) :]) or b"/")
        return False

    def _enter(self, path: bytes, real: list[bytes], linked: list[bytes]) -> Folder | None:
        if path in self._excluded:
            return None
        try:
            fd = os.open(path, _FOLDER_FLAGS)
        except OSError as error:
            self._missed(path, error)
            return None
        try:
            facts = os.fstat(fd)
            if (facts.st_dev, facts.st_ino) in self._entered:
                return None
            self._entered.add((facts.st_dev, facts.st_ino))
            return self._listed(path, fd, real, linked)
        except OSError as error:
            self._missed(path, error)
            return None
        finally:
            os.close(fd)

    def _listed(self, path: bytes, fd: int, real: list[bytes], linked: list[bytes]) -> Folder:
        marks: list[str] = []
        pictures: dict[bytes, bytes] = {}
        prefix = path if path.endswith(b"/") else path + b"/"
        before = os.fsdecode(prefix)
        extensions, look = self._extensions, os.stat
        entries = os.scandir(fd)
        with closing(entries):
            for entry in entries:
                name = entry.name
                if name[0] == ".":
                    continue
                if name[name.rfind(".") + 1 :].lower() in extensions:
                    try:
                        facts = look(name, dir_fd=fd)
                    except OSError:
                        continue  # vanished, or a link to nothing
                    kind = facts.st_mode & _KIND
                    if kind == stat.S_IFREG:
                        marks.append(f"{before}{name}//{facts.st_size}//{facts.st_mtime_ns}")
                    elif kind == stat.S_IFDIR:
                        (linked if entry.is_symlink() else real).append(prefix + os.fsencode(name))
                elif entry.is_dir(follow_symlinks=False):
                    real.append(prefix + os.fsencode(name))
                elif entry.is_symlink():
                    if entry.is_dir():
                        linked.append(prefix + os.fsencode(name))
                elif (small := name.lower().encode("utf-8", "surrogateescape")) in SIDE_COVERS:
                    pictures[small] = prefix + os.fsencode(name)
        best = next((pictures[name] for name in SIDE_COVERS if name in pictures), None) if pictures else None
        return Folder(path, _encoded(marks), best)

    def _missed(self, path: bytes, error: OSError) -> None:
        if isinstance(error, FileNotFoundError | NotADirectoryError) and path not in self._kept:
            return  # it went while the walk was on its way to it
        self.miss(path, error.strerror or str(error))

    def miss(self, path: bytes, why: str) -> None:
        """What is in that folder is out of sight."""
        self.unreadable.append(path)
        self._warn(f"{label_of(Path(os.fsdecode(path)))}: {why}: what is known of it is kept")


def _encoded(texts: Sequence[str]) -> list[bytes]:
    """All at once, for it is quicker; no name holds a NUL."""
    return "\0".join(texts).encode("utf-8", "surrogateescape").split(b"\0") if texts else []
