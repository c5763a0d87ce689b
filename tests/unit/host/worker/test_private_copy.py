"""Private copies of libraries: what the file was, sealed; or a refusal that says what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from host.errors import LoadFailed
from host.worker import private_copy
from host.worker.private_copy import MAX_BYTES, copy_library

CONTENT = os.urandom(300_000)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "it.so"
    path.write_bytes(CONTENT)
    return path


def test_a_copy_is_the_file_as_it_was_and_nobody_can_write_it(library: Path) -> None:
    copy = copy_library(library)
    assert copy is not None
    with library.open("r+b") as file:
        file.truncate(10)
        file.write(b"other")
    assert (os.pread(copy.fd, 1 << 20, 0), copy.label) == (CONTENT, "it.so")
    for break_it in (lambda: os.ftruncate(copy.fd, 0), lambda: os.pwrite(copy.fd, b"x", 0)):
        with pytest.raises(PermissionError):
            break_it()
    copy.close()
    copy.close()


def test_one_that_looks_for_others_beside_itself_is_not_copied(library: Path) -> None:
    library.write_bytes(CONTENT + b"\0$ORIGIN/../lib\0")
    assert copy_library(library) is None


def test_refusals(tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fds = len(os.listdir("/proc/self/fd"))

    def refused(path: Path, why: str) -> None:
        with pytest.raises(LoadFailed, match=f"{path.name} cannot be loaded from {path.parent}: {why}") as caught:
            copy_library(path)
        assert caught.value.remedy

    refused(tmp_path / "gone.so", "No such file or directory")
    refused(tmp_path, "it is no file")
    os.mkfifo(tmp_path / "fifo.so")
    refused(tmp_path / "fifo.so", "it is no file")
    with (tmp_path / "huge.so").open("wb") as file:
        file.truncate(MAX_BYTES + (1 << 20))
    refused(tmp_path / "huge.so", "it has 257 MiB; at most 256 are loaded")
    with library.open("ab") as writer:
        pour = private_copy._pour

        def pour_and_write(source: int, copy: int, size: int) -> None:
            pour(source, copy, size)
            writer.write(b"more")
            writer.flush()

        monkeypatch.setattr(private_copy, "_pour", pour_and_write)
        refused(library, "it was written to while it was read")
    assert len(os.listdir("/proc/self/fd")) == fds
