"""Directories and playlists become files, in the order people expect."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from host.playback.inputs import expand, natural_key

AUDIO = frozenset({"flac", "mp3"})


def test_natural_order() -> None:
    names = ["10 b", "2 a", "B", "a", "1"]
    assert sorted(names, key=natural_key) == ["1", "2 a", "10 b", "a", "B"]


def test_a_directory_is_walked_sorted_and_filtered(tmp_path: Path) -> None:
    for name in ["cd 10/1.flac", "cd 2/10.flac", "cd 2/9.MP3", "cover.jpg", ".hidden.flac", ".trash/x.flac", "flac"]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    found = expand([str(tmp_path)], AUDIO)
    assert [entry.path.relative_to(tmp_path).as_posix() for entry in found] == [
        "cd 2/9.MP3",
        "cd 2/10.flac",
        "cd 10/1.flac",
    ]
    assert all(entry.refused is None for entry in found)


def test_a_directory_without_audio_says_so(tmp_path: Path) -> None:
    (tmp_path / "cover.jpg").write_bytes(b"x")
    (entry,) = expand([str(tmp_path)], AUDIO)
    assert entry.refused is not None
    assert "no audio file" in entry.refused.message
    assert "flac mp3" in entry.refused.remedy


def test_a_file_is_taken_by_any_name(tmp_path: Path) -> None:
    (entry,) = expand([str(tmp_path / "thing.xyz")], AUDIO)
    assert (entry.path, entry.refused) == (tmp_path / "thing.xyz", None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_an_m3u_playlist(tmp_path: Path, encoding: str) -> None:
    playlist = tmp_path / "list.m3u"
    text = (
        "#EXTM3U\r\n#EXTINF:1,x\r\nsub/a.flac\r\n\r\n/abs/ü.mp3\r\nfile:///abs/b%20c.mp3\r\nhttps://example.org/s\r\n"
    )
    playlist.write_bytes(text.encode(encoding))
    found = expand([str(playlist)], AUDIO)
    assert [entry.path for entry in found[:3]] == [tmp_path / "sub/a.flac", Path("/abs/ü.mp3"), Path("/abs/b c.mp3")]
    assert [entry.refused is None for entry in found] == [True, True, True, False]


def test_a_pls_playlist(tmp_path: Path) -> None:
    playlist = tmp_path / "list.pls"
    playlist.write_text("[playlist]\nFile1=a.flac\nTitle1=A\nFile2=/b.flac\nNumberOfEntries=2\n")
    assert [entry.path for entry in expand([str(playlist)], AUDIO)] == [tmp_path / "a.flac", Path("/b.flac")]


def test_playlists_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty.m3u").write_text("# nothing\n")
    found = expand([str(tmp_path / "empty.m3u"), str(tmp_path / "none.m3u"), "x\0y"], AUDIO)
    assert len(found) == 3
    assert found[0].refused is not None and "names no file" in found[0].refused.message
    assert found[1].refused is not None and "no such file" in found[1].refused.message


@pytest.mark.parametrize("suffix", [".m3u", ".m3u8", ".pls"])
@pytest.mark.parametrize(
    "data", [random.Random(1).randbytes(5000), bytes(range(1, 256)) * 4, "a.flac".encode("utf-16")]
)
def test_what_is_no_text_is_one_error(tmp_path: Path, suffix: str, data: bytes) -> None:
    (tmp_path / f"list{suffix}").write_bytes(data)
    (found,) = expand([str(tmp_path / f"list{suffix}")], AUDIO)
    assert found.refused is not None and "not a playlist" in found.refused.message


@pytest.mark.parametrize(
    ("page", "name"),
    [("cp1252", "\u201cquoted\u201d \u2013 song.flac"), ("shift-jis", "\u3042\u3044\u3046.flac")],
)
def test_an_old_code_page_is_text(tmp_path: Path, page: str, name: str) -> None:
    (tmp_path / "list.m3u").write_bytes(f"{name}\n".encode(page))
    (found,) = expand([str(tmp_path / "list.m3u")], AUDIO)
    assert found.refused is None


def test_playlists_inside_playlists_are_named(tmp_path: Path) -> None:
    (tmp_path / "list.m3u").write_text(f"a.flac\nother.M3U\nfile://{tmp_path}/third.pls\n")
    first, *nested = expand([str(tmp_path / "list.m3u")], AUDIO)
    assert first.refused is None
    assert [entry.path.name for entry in nested] == ["other.M3U", "third.pls"]
    for entry in nested:
        assert entry.refused is not None and "inside a playlist is not followed" in entry.refused.message
