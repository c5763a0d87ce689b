"""A render's file is whole in its place or not there at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from host.errors import NotFound, Usage
from host.playback.target_file import TargetFile


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_commit_puts_it_in_place_with_the_usual_mode(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        with TargetFile.create(tmp_path / "out.wav") as target:
            assert [name for name in names(tmp_path) if name.startswith(".out.wav.") and name.endswith(".part")]
            os.write(target.fd, b"new")
            target.commit()
    finally:
        os.umask(umask)
    assert names(tmp_path) == ["out.wav"]
    assert (tmp_path / "out.wav").stat().st_mode & 0o777 == 0o640
    target.discard()
    assert (tmp_path / "out.wav").read_bytes() == b"new"


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
    for path, error in [
        (tmp_path, Usage),
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
    assert names(tmp_path) == ["fifo.wav", "hard.wav", "in.wav"]
