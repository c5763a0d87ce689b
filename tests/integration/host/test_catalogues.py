"""What a name leads to in a source: folders opened up, in order, within limits, and at nobody else's expense."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from host.app import Application, catalogues
from host.errors import NotFound
from host.jsontext import Json, JsonObject, dump_json
from host.playback import Input
from host.playlists import Hints
from host.where import SourceTrack, source_track
from tests.faults.hosted import hosted

MANIFEST = """
id = "test.source.shelf"
name = "Shelf"
version = "1.0.0"
api_version = 6
module = "plugin.py"

[[capabilities]]
kind = "source"
type_id = "shelf"
name = "Shelf"
schemes = ["shelf"]
config_schema = '{"type": "object"}'
default_config = '{}'
"""
#: Its configuration is what it answers: pages by the path that is asked for, a number where it makes up tracks.
MODULE = """
import time


class Source:
    def __init__(self, config, host):
        self.folders, self.host = config.get("folders", {}), host

    def list_items(self, request):
        path, after = request.get("path", ""), int(request.get("after") or 0)
        held = self.folders.get(path)
        if path == "hangs":
            while not self.host.cancelled():
                time.sleep(0.001)
            raise OSError("called off")
        if held is None:
            raise ValueError(f"{path!r} is no folder")
        if held == "endless":
            return {"items": [], "next": str(after + 1)}
        if held == "circle":
            return {"items": [], "next": "1"}
        if isinstance(held, int):
            ids = range(after, min(held, after + 1000))
            items = [{"id": f"t{n}", "title": str(n), "kind": "track"} for n in ids]
            return {"items": items, "next": str(after + 1000) if after + 1000 < held else None}
        return {"items": held[after : after + 2], "next": str(after + 2) if after + 2 < len(held) else None}

    def open_stream(self, track):
        return {"path": self.folders[track["id"]]}


def create(kind, type_id, config, host):
    return Source(config, host)
"""


def track(name: str, **more: Json) -> Json:
    return {"id": name, "title": name.upper(), "kind": "track", **more}


def folder(name: str) -> Json:
    return {"id": name, "title": name, "kind": "folder"}


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder of plugins."""
    made = tmp_path / "plugins/shelf"
    made.mkdir(parents=True)
    (made / "plugin.toml").write_text(MANIFEST)
    (made / "plugin.py").write_text(MODULE)
    return made.parent


@asynccontextmanager
async def host(shelf: Path) -> AsyncIterator[Application]:
    async with hosted(shelf.parent / "host", plugins=[shelf]) as made:
        yield made.app


def at(name: str, folders: dict[str, Json]) -> SourceTrack:
    return SourceTrack(name, "shelf", config=dump_json({"folders": folders}))


def found(shelf: Path, *names: str) -> list[Input]:
    async def body() -> list[Input]:
        async with host(shelf) as app:
            return [each async for some in app.find(names) for each in some]

    return asyncio.run(body())


async def add(app: Application, name: str) -> JsonObject:
    return await app.queueing.add([name], comes_next=False, before=None, after=None, replaces=False)


def reasons(inputs: list[Input]) -> list[str]:
    return [str(each.refused) for each in inputs if each.refused is not None]


def test_folders_are_opened_up_in_the_order_of_the_source(shelf: Path) -> None:
    folders: dict[str, Json] = {
        "": [track("a"), folder("sub"), track("b", artist="X", secret=[1])],
        "sub": [track("c"), folder("gone"), folder("empty")],
        "empty": [],
    }
    inputs = found(shelf, at("", folders).uri)
    named = [
        (each.where.id, each.hints, each.refused is None) for each in inputs if isinstance(each.where, SourceTrack)
    ]
    assert named == [
        ("a", Hints("A"), True),
        ("c", Hints("C"), True),
        ("gone", Hints(), False),
        ("b", Hints("B", "X"), True),
    ]
    last = inputs[-1].where
    assert isinstance(last, SourceTrack) and json.loads(last.item) == track("b", artist="X", secret=[1])
    assert source_track(last.uri) == last


def test_what_is_no_folder_is_a_track(shelf: Path) -> None:
    where = at("t1", {})
    assert found(shelf, where.uri) == [Input(where)]


def test_a_url_of_a_scheme_is_asked_for_where_it_does_not_look_like_audio(shelf: Path) -> None:
    list_file = shelf.parent / "list.m3u"
    list_file.write_text(
        "#EXTINF:-1,X - Y\nshelf://host/a.flac\nshelf://host/radio\nshelf://host/more.pls\nnosuch://x\n"
    )
    inputs = found(shelf, "shelf://host/a.flac", "shelf://host/radio", str(list_file))
    assert [str(each.where) for each in inputs] == [
        "shelf://host/a.flac",
        "shelf://host/radio",
        "shelf://host/a.flac",
        "shelf://host/radio",
        "shelf://host/more.pls",
        "nosuch://x",
    ]
    assert inputs[2].hints == Hints("Y", "X")
    assert reasons(inputs) == ["nosuch://x: no source opens nosuch:// (those of the sources here: http https shelf)"]


@pytest.mark.parametrize(
    ("held", "most", "reason"),
    [
        (1_000_000, 5000, "more than 5000 tracks"),
        ("endless", 0, "without an end"),
        ("circle", 0, "without an end"),
        ([folder("x")], 0, "leads back to itself"),
    ],
)
def test_what_has_no_end_is_cut(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, held: Json, most: int, reason: str
) -> None:
    monkeypatch.setattr(catalogues, "MAX_PAGES", 200)
    monkeypatch.setattr(catalogues, "MAX_TRACKS", 5000)
    inputs = found(shelf, at("x", {"x": held}).uri)
    assert len(inputs) == most + 1 and reason in reasons(inputs)[0]


def test_an_answer_that_is_none_is_told_and_the_others_are_found(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"x")
    bad = at("x", {"x": [{"id": 1}]})
    inputs = found(shelf, bad.uri, "source://nosuch/a", "source://shelf/%zz?item=1", str(tmp_path / "a.flac"))
    assert len(inputs) == 4 and inputs[-1] == Input(tmp_path / "a.flac")
    told = reasons(inputs)
    assert "an item is an object" in told[0] and "nosuch" in told[1] and "JSON objects" in told[2]


def test_who_hangs_holds_up_nobody(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"x")

    async def body() -> None:
        async with host(shelf) as app:
            stuck = await add(app, at("hangs", {}).uri)
            assert (stuck["done"], stuck["added"]) == (False, 0)
            for name in (str(tmp_path / "a.flac"), at("t", {"of": "another"}).uri):
                told = await add(app, name)
                while not told["done"]:
                    told = await app.queueing.adding(int(str(told["job"])))
                assert (told["added"], told["refused"]) == (1, 0)
            assert not (await app.queueing.adding(int(str(stuck["job"]))))["done"]

    asyncio.run(body())


def test_nobody_serves_what_no_source_claims(shelf: Path) -> None:
    async def body() -> Iterator[str]:
        async with host(shelf) as app:
            assert app.catalogues.serves(SourceTrack("shelf://x"))[0].id == "test.source.shelf"
            with pytest.raises(NotFound, match="no source opens gopher://"):
                app.catalogues.serves(SourceTrack("gopher://x"))
            return iter(app.catalogues.schemes)

    assert "shelf" in asyncio.run(body())
