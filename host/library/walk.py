"""What stands in the roots, folder by folder: names, sizes and times of change, and nothing of what the files hold.

What is done for each file here, is done a hundred thousand times: whole lists of them go through functions made in C.

Blocks: a thread of its own. Opens no file. Symbolic links are followed, but no folder is entered twice, so that circles
end. Folders that cannot be read are remembered: what was known beneath them is not gone, it is out of sight.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from host.library.facts import MARK_PARTS
from host.library.seals import seal_of
from host.records import record
from host.where import label_of

__all__ = ["Folder", "Walk"]

#: Pictures beside the music, best first.
SIDE_COVERS = tuple(
    f"{stem}{ending}".encode() for stem in ("cover", "folder", "front") for ending in (".jpg", ".jpeg", ".png")
)
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NONBLOCK


@record
class Folder:
    """One folder: its media files, the seal on these, and the picture beside them, if there is one.

    ``path`` ends with a slash. ``names`` are in order; sizes in bytes and times of change in ns stand in theirs.
    """

    path: bytes
    names: list[str]
    sizes_bytes: list[int]
    mtimes_ns: list[int]
    seal: bytes
    side_cover: bytes | None

    def marks(self) -> list[bytes]:
        """Each file as ``mark_of_file`` has it: encoded all at once, for it is quicker; no name holds a NUL."""
        if not self.names:
            return []
        before = os.fsdecode(self.path)
        each = zip(self.names, self.sizes_bytes, self.mtimes_ns, strict=True)
        texts = [f"{before}{name}{MARK_PARTS}{size}{MARK_PARTS}{mtime}" for name, size, mtime in each]
        return os.fsencode("\0".join(texts)).split(b"\0")


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
        names: list[str] = []
        pictures: dict[bytes, bytes] = {}
        prefix = path if path.endswith(b"/") else path + b"/"
        extensions = self._extensions
        entries = os.scandir(fd)
        with closing(entries):
            for entry in entries:
                name = entry.name
                if name[0] == ".":
                    continue
                if name[name.rfind(".") + 1 :].lower() in extensions:
                    names.append(name)
                elif entry.is_dir(follow_symlinks=False):
                    real.append(prefix + os.fsencode(name))
                elif entry.is_symlink():
                    if entry.is_dir():
                        linked.append(prefix + os.fsencode(name))
                elif (small := name.lower().encode("utf-8", "surrogateescape")) in SIDE_COVERS:
                    pictures[small] = prefix + os.fsencode(name)
        names.sort()
        facts = _all_files(names, fd)
        if facts is None:
            names, facts = _those_files(prefix, names, fd, real, linked)
        sizes_bytes, mtimes_ns = [each.st_size for each in facts], [each.st_mtime_ns for each in facts]
        best = next((pictures[name] for name in SIDE_COVERS if name in pictures), None) if pictures else None
        return Folder(prefix, names, sizes_bytes, mtimes_ns, seal_of(names, sizes_bytes, mtimes_ns), best)

    def _missed(self, path: bytes, error: OSError) -> None:
        if isinstance(error, FileNotFoundError | NotADirectoryError) and path not in self._kept:
            return  # it went while the walk was on its way to it
        self.miss(path, error.strerror or str(error))

    def miss(self, path: bytes, why: str) -> None:
        """What is in that folder is out of sight."""
        self.unreadable.append(path)
        self._warn(f"{label_of(Path(os.fsdecode(path)))}: {why}: what is known of it is kept")


def _all_files(names: Sequence[str], fd: int) -> list[os.stat_result] | None:
    """Of each name its facts; None where one of them is no file."""
    look = os.stat
    try:
        facts = [look(name, dir_fd=fd) for name in names]
    except OSError:
        return None
    return facts if all(stat.S_ISREG(mode) for mode in {each.st_mode for each in facts}) else None


def _those_files(
    prefix: bytes, names: Sequence[str], fd: int, real: list[bytes], linked: list[bytes]
) -> tuple[list[str], list[os.stat_result]]:
    """Those of the names that are files, where one of them is a folder, a pipe, a link to nothing, or gone."""
    files: list[str] = []
    found: list[os.stat_result] = []
    for name in names:
        try:
            facts = os.stat(name, dir_fd=fd)
            if stat.S_ISDIR(facts.st_mode):
                is_link = stat.S_ISLNK(os.lstat(name, dir_fd=fd).st_mode)
                (linked if is_link else real).append(prefix + os.fsencode(name))
        except OSError:
            continue
        if stat.S_ISREG(facts.st_mode):
            files.append(name)
            found.append(facts)
    return files, found
