"""A render's file is whole in its place or not there at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from host.errors import NotFound, OutputError, Usage
from host.playback.target_file import TargetFile


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_commit_puts_it_in_place_with_the_usual_mode(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        with TargetFile.create(tmp_path / "out.wav") as target:
            assert names(tmp_path) == [], "it has no name before it is whole"
            os.write(target.fd, b"new")
            target.commit()
    finally:
        os.umask(umask)
    assert names(tmp_path) == ["out.wav"]
    assert (tmp_path / "out.wav").stat().st_mode & 0o777 == 0o640
    target.discard()
    assert (tmp_path / "out.wav").read_bytes() == b"new"


@pytest.fixture
def only_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that makes no unnamed files."""
    real_open = os.open

    def refuse(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return real_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refuse)


@pytest.mark.usefixtures("only_names")
def test_without_unnamed_files_it_lies_hidden_beside_its_place(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with TargetFile.create(tmp_path / "out.wav") as target:
        (part,) = names(tmp_path)
        assert part.startswith(".out.wav.") and part.endswith(".part")
    assert names(tmp_path) == []
    with TargetFile.create(tmp_path / "out.wav") as target:
        os.write(target.fd, b"new")
        target.commit()
    assert names(tmp_path) == ["out.wav"]
    assert (tmp_path / "out.wav").read_bytes() == b"new"
    assert len(os.listdir("/proc/self/fd")) == before


def test_it_can_be_read_back_and_no_descriptor_is_left(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with TargetFile.create(tmp_path / "out.wav") as target:
        os.write(target.fd, b"new")
        assert os.pread(target.fd, 10, 0) == b"new"
        target.commit()
        target.commit()
    with TargetFile.create(tmp_path / "out.wav"):
        pass
    assert len(os.listdir("/proc/self/fd")) == before
    assert (tmp_path / "out.wav").read_bytes() == b"new"


def test_a_folder_that_takes_no_files() -> None:
    with pytest.raises(OutputError, match="cannot be written there"):
        TargetFile.create(Path("/proc/out.wav"))


def test_without_commit_the_old_file_stays(tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    out.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), TargetFile.create(out) as target:
        os.write(target.fd, b"half")
        raise ZeroDivisionError
    assert names(tmp_path) == ["out.wav"]
    assert out.read_bytes() == b"old"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out.wav").symlink_to("real/there.wav")
    with TargetFile.create(tmp_path / "out.wav") as target:
        os.write(target.fd, b"new")
        target.commit()
    assert (tmp_path / "out.wav").is_symlink()
    assert (tmp_path / "real/there.wav").read_bytes() == b"new"


def test_the_longest_name_fits(tmp_path: Path) -> None:
    name = "ü" * 125 + ".wav"
    with TargetFile.create(tmp_path / name) as target:
        target.commit()
    assert names(tmp_path) == [name]


def test_refusals(tmp_path: Path) -> None:
    source = tmp_path / "in.wav"
    source.write_bytes(b"x")
    (tmp_path / "hard.wav").hardlink_to(source)
    os.mkfifo(tmp_path / "fifo.wav")
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    for path, error in [
        (tmp_path, Usage),
        (tmp_path / "loop.wav", Usage),
        (tmp_path / ("a" * 255 + ".wav"), Usage),
        (source, Usage),
        (tmp_path / "hard.wav", Usage),
        (tmp_path / "fifo.wav", Usage),
        (tmp_path / "none" / "out.wav", NotFound),
        (source / "out.wav", NotFound),
        (Path("/"), Usage),
    ]:
        with pytest.raises(error) as caught:
            TargetFile.create(path, [source, tmp_path / "gone"])
        assert caught.value.remedy
    assert names(tmp_path) == ["fifo.wav", "hard.wav", "in.wav", "loop.wav"]
