"""Whose changes the kernel does not tell, by its table of mounts."""

from __future__ import annotations

import pytest

from host.library.mounts import is_remote, type_of

TABLE = rb"""21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:30 / /mnt/share rw,relatime shared:5 - nfs4 server:/x rw,vers=4.2
31 21 0:31 / /mnt/with\040blank rw shared:6 master:2 - cifs //host/x rw
32 30 0:32 / /mnt/share/local rw - tmpfs tmpfs rw
33 21 0:33 / /mnt/twice rw - ext4 /dev/sdb rw
34 33 0:34 / /mnt/twice rw - fuse.sshfs host: rw
half a line
35 21 0:35 / /mnt/short
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        (b"/", "ext4"),
        (b"/home/music", "ext4"),
        (b"/mnt/share", "nfs4"),
        (b"/mnt/share/albums", "nfs4"),
        (b"/mnt/shared", "ext4"),
        (b"/mnt/share/local/a", "tmpfs"),
        (b"/mnt/with blank/a", "cifs"),
        (b"/mnt/twice/a", "fuse.sshfs"),
    ],
)
def test_the_innermost_mount_counts(folder: bytes, kind: str) -> None:
    assert type_of(folder, TABLE) == kind


def test_an_empty_table_says_nothing() -> None:
    assert type_of(b"/", b"") == ""


def test_which_are_remote() -> None:
    remote = {"nfs", "nfs4", "cifs", "smb3", "fuse", "fuse.sshfs", "9p", "virtiofs"}
    local = {"", "ext4", "btrfs", "xfs", "tmpfs", "overlay", "fuseblk"}
    assert {kind for kind in remote | local if is_remote(kind)} == remote
