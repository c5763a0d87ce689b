"""Playlists inside playlists: followed within limits, never round and round, and every name is accounted for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from host.errors import MediaError
from host.playlists import Found, follow, following, locate


class Files:
    """Playlists by name; other names are there unless they hold ``gone``."""

    def __init__(self, playlists: dict[str, str]) -> None:
        self.playlists = playlists
        self.reads: Counter[str] = Counter()

    def read(self, path: Path) -> bytes:
        self.reads[str(path)] += 1
        return self.playlists[str(path)].encode()

    def refusal(self, path: Path) -> MediaError | None:
        return MediaError(f"{path}: no such file") if "gone" in path.name or "\\" in path.name else None


def told(found: list[Found]) -> list[str]:
    return [str(each.refused) if each.refused else str(each.path) for each in found]


def test_names_are_those_beside_the_playlist_that_holds_them() -> None:
    files = Files(
        {"/m/a.m3u": "x.flac\nsub\\b.m3u\n/abs.flac\ngone.flac\nhttp://[/s\n", "/m/sub/b.m3u": "../y z.flac\n"}
    )
    assert told(list(follow(Path("/m/a.m3u"), files))) == [
        "/m/x.flac",
        "/m/sub/../y z.flac",
        "/abs.flac",
        "/m/gone.flac: no such file",
        "http://[/s: not a local file (download it first)",
    ]


def test_a_playlist_that_leads_to_itself_is_told_where_it_does() -> None:
    files = Files({"/a.m3u": "x.flac\nb.m3u\ny.flac\n", "/b.m3u": "./sub/../a.m3u\n"})
    x, back, y = told(list(follow(Path("/a.m3u"), files)))
    assert (x, y) == ("/x.flac", "/y.flac")
    assert "/sub/../a.m3u: the playlist leads back to itself" in back
    assert files.reads.total() == 2


def test_depth_has_a_limit() -> None:
    files = Files({f"/{each}.m3u": f"{each + 1}.m3u\n{each}.flac\n" for each in range(20)})
    found = told(list(follow(Path("/0.m3u"), files)))
    assert "too many playlists inside playlists" in found[0]
    assert len(found) == following.MAX_DEPTH + 1


def test_breadth_has_a_limit_even_when_each_doubles() -> None:
    files = Files({f"/{each}.m3u": f"{each + 1}.m3u\n" * 6 for each in range(7)} | {"/7.m3u": "x.flac\n"})
    found = list(follow(Path("/0.m3u"), files))
    assert files.reads.total() == following.MAX_PLAYLISTS
    assert any(each.refused for each in found) and any(not each.refused for each in found)


def test_entries_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MAX_ENTRIES", 10)
    files = Files({"/a.m3u": "x.flac\n" * 6 + "b.m3u\n" + "y.flac\n" * 6, "/b.m3u": "z.flac\n" * 100})
    found = told(list(follow(Path("/a.m3u"), files)))
    assert (found.count("/x.flac"), found.count("/z.flac")) == (6, 3)
    assert [each for each in found if "more than 10 entries" in each] == found[9:]


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("a.flac", ["/m/a.flac"]),
        ("/x/ä#?%20.flac", ["/x/ä#?%20.flac"]),
        ("FILE:///x/a%20%FF#.flac", ["/x/a \udcff#.flac"]),
        ("file://localhost/x", ["/x"]),
        ("file:/x", ["/x"]),
        ("Artist: Song.mp3", ["/m/Artist: Song.mp3"]),
        ("D:\\m\\x.mp3", ["/m/D:\\m\\x.mp3", "/m/D:/m/x.mp3"]),
    ],
)
def test_where_a_name_leads(name: str, ways: list[str]) -> None:
    assert [str(way) for way in locate(Path("/m"), name)] == ways


@pytest.mark.parametrize("name", ["https://example.org/a", "file://host/x", "cdda://1", "file://"])
def test_what_is_not_local_is_refused(name: str) -> None:
    with pytest.raises(MediaError, match="not a local file"):
        locate(Path("/m"), name)
