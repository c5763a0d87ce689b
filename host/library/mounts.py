"""On which kind of file system a folder lies, by the kernel's table of mounts: pure."""

from __future__ import annotations

import re

__all__ = ["is_remote", "type_of"]

#: Whoever changes files there from elsewhere tells this kernel nothing.
_REMOTE = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs"),
        *("ceph", "glusterfs", "lustre", "ncpfs", "orangefs", "virtiofs"),
    }
)
_ESCAPED = re.compile(rb"\\([0-7]{3})")


def is_remote(kind: str) -> bool:
    """Whether files there may change without this kernel's knowledge; FUSE may be anything."""
    return kind in _REMOTE or kind == "fuse" or kind.startswith("fuse.")


def type_of(folder: bytes, mountinfo: bytes) -> str:
    """The type of the file system that a folder, without links, lies on; empty where the table does not say.

    ``mountinfo``: what ``/proc/self/mountinfo`` holds (proc(5)).
    """
    longest, found = -1, ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(b" - ")
        fields = before.split(b" ")
        if len(fields) < 5 or not after:
            continue
        place = _ESCAPED.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), fields[4])
        within = place == b"/" or folder == place or folder.startswith(place + b"/")
        if within and len(place) >= longest:  # of two at one place the later one covers the other
            longest, found = len(place), after.split(b" ")[0].decode("ascii", "replace")
    return found
