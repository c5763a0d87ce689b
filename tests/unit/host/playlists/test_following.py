"""Playlists inside playlists: followed within limits, never round and round, and every name is accounted for."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from host.errors import MediaError
from host.playlists import Found, follow, following, locate, uri_of
from host.where import Where


class Files:
    """Playlists by name; other names are there unless they hold ``gone``."""

    def __init__(self, playlists: dict[str, str]) -> None:
        self.playlists = playlists
        self.reads: Counter[str] = Counter()

    def read(self, path: Path) -> bytes:
        self.reads[str(path)] += 1
        return self.playlists[os.path.normpath(path)].encode()

    def refusal(self, where: Where) -> MediaError | None:
        return MediaError(f"{where}: no such file") if "gone" in str(where) or "\\" in str(where) else None


def told(found: list[Found]) -> list[str]:
    return [str(each.refused) if each.refused else str(each.where) for each in found]


def test_names_are_those_beside_the_playlist_that_holds_them() -> None:
    files = Files(
        {
            "/m/a.m3u": "x.flac\nsub\\b.m3u\n/abs.flac\ngone.flac\nhttp://[/s\nhttp://gone\n",
            "/m/sub/b.m3u": "../y z.flac\n",
        }
    )
    assert told(list(follow(Path("/m/a.m3u"), files))) == [
        "/m/x.flac",
        "/m/sub/../y z.flac",
        "/abs.flac",
        "/m/gone.flac: no such file",
        "http://[/s",
        "http://gone: no such file",
    ]


def test_a_playlist_that_leads_to_itself_is_told_where_it_does() -> None:
    files = Files({"/a.m3u": "x.flac\nb.m3u\ny.flac\n", "/b.m3u": "./sub/../a.m3u\n"})
    found = told(list(follow(Path("/a.m3u"), files)))
    assert [found[0], found[-1], len(found)] == ["/x.flac", "/y.flac", 3]
    assert "/sub/../a.m3u: the playlist leads back to itself" in found[1]
    assert files.reads.total() == 2


def test_depth_has_a_limit() -> None:
    files = Files({f"/{each}.m3u": f"{each + 1}.m3u\n{each}.flac\n" for each in range(20)})
    found = told(list(follow(Path("/0.m3u"), files)))
    assert "too many playlists inside playlists" in found[0]
    assert len(found) == following.MAX_DEPTH + 1


def test_breadth_has_a_limit_even_when_each_doubles() -> None:
    files = Files({f"/{each}.m3u": f"{each + 1}.m3u\n" * 6 for each in range(5)} | {"/5.m3u": "x.flac\n"})
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


@pytest.mark.parametrize("name", ["https://example.org/a?b#c", "cdda://1", "source://folder/a%20b"])
def test_what_a_source_opens_is_left_to_it(name: str) -> None:
    assert [uri_of(where) for where in locate(Path("/m"), name)] == [name]


@pytest.mark.parametrize("name", ["file://host/x", "file://", "file:///"])
def test_what_is_not_local_is_refused(name: str) -> None:
    with pytest.raises(MediaError, match="not a local file"):
        locate(Path("/m"), name)
