"""Directories and playlists become files, in the order people expect."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from host.playback import Excerpt, Input, expand
from host.playback.inputs import natural_key
from host.playlists import Hints
from host.where import short_name

AUDIO = frozenset({"flac", "mp3"})


def test_natural_order() -> None:
    names = ["10 b", "2 a", "B", "a", "1"]
    assert sorted(names, key=natural_key) == ["1", "2 a", "10 b", "a", "B"]


def test_a_directory_is_walked_sorted_and_filtered(tmp_path: Path) -> None:
    for name in ["cd 10/1.flac", "cd 2/10.flac", "cd 2/9.MP3", "cover.jpg", ".hidden.flac", ".trash/x.flac", "flac"]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    found = list(expand([str(tmp_path)], AUDIO))
    assert [Path(str(entry.where)).relative_to(tmp_path).as_posix() for entry in found] == [
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
    (tmp_path / "thing.xyz").write_bytes(b"x")
    (entry,) = expand([str(tmp_path / "thing.xyz")], AUDIO)
    assert (entry.where, entry.refused) == (tmp_path / "thing.xyz", None)


def test_a_directory_gives_the_first_files_before_all_are_found(tmp_path: Path) -> None:
    for folder in ("1", "2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.flac").write_bytes(b"x")
    (tmp_path / "2/link.flac").symlink_to(tmp_path / "1")
    (tmp_path / "2/round").symlink_to(tmp_path)
    found = expand([str(tmp_path)], AUDIO)
    assert next(found).where == tmp_path / "1/a.flac"
    (tmp_path / "2/a.flac").rename(tmp_path / "2/b.flac")
    assert [short_name(entry.where) for entry in found] == ["b.flac"]


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.m3u").write_text("# nothing\n")
    (tmp_path / "list.m3u").write_text("gone.flac\nlist.m3u8\n/etc\0/x\n")
    names = [str(tmp_path / "empty.m3u"), str(tmp_path / "none.m3u"), "x\0y", "gopher://example.org/s", "file:///gone"]
    refusals = [str(entry.refused) for entry in expand(names, AUDIO)]
    expected = ["names no file", "none.m3u: no such file", "NUL", "no source opens gopher://", "/gone: no such file"]
    assert len(refusals) == len(expected)
    assert all(text in refusal for text, refusal in zip(expected, refusals, strict=True))


def test_a_playlist_gives_files_and_what_it_says_of_them(tmp_path: Path) -> None:
    (tmp_path / "disc").mkdir()
    (tmp_path / "disc/all.flac").write_bytes(b"x")
    (tmp_path / "b.flac").write_bytes(b"x")
    (tmp_path / "disc/all.cue").write_text(
        'PERFORMER "P"\nTITLE "Disc"\nFILE "all.flac" WAVE\n'
        'TRACK 01 AUDIO\nTITLE "One"\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nPERFORMER "Q"\nINDEX 01 00:02:01\n'
    )
    (tmp_path / "list.m3u").write_text("disc\\all.cue\nb.flac\ngone.flac\n")
    one, two, b, gone = expand([str(tmp_path / "list.m3u")], AUDIO)
    cut = Fraction(2 * 75 + 1, 75)
    assert one == Input(tmp_path / "disc/all.flac", None, Excerpt(Fraction(0), cut), Hints("One", "P", "Disc"))
    assert two == Input(tmp_path / "disc/all.flac", None, Excerpt(cut), Hints("", "Q", "Disc"))
    assert b == Input(tmp_path / "b.flac")
    assert gone.refused is not None and "gone.flac: no such file" in gone.refused.message
