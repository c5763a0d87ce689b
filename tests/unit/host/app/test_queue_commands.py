"""The queue as its desk sees it: names in, rows out, whatever is under way at the same time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from host.app import finding, queue_adding
from host.app.catalogues import Catalogues
from host.app.finding import Finding, Late, find
from host.app.queue_commands import MOST_ADDING, QueueCommands
from host.errors import MediaError, NotFound, StellaError, Usage
from host.jsontext import JsonObject
from host.playback import Input, Queue
from host.where import local_files, short_name

Work = Callable[[QueueCommands], Awaitable[None]]


def found(names: Sequence[str], late: Late) -> Finding:
    """Of the file system alone."""
    nothing = cast("Catalogues", SimpleNamespace(schemes=frozenset()))
    return find(names, frozenset({"flac"}), nothing, late)


def run(work: Work, queue: Queue | None = None) -> Queue:
    """Against a desk that is closed afterwards."""
    queue = Queue() if queue is None else queue

    @asynccontextmanager
    async def desk() -> AsyncIterator[QueueCommands]:
        commands = QueueCommands(queue, found, lambda: queue.current)
        try:
            yield commands
        finally:
            await commands.close()

    async def all_of_it() -> None:
        async with desk() as commands:
            await work(commands)

    asyncio.run(all_of_it())
    return queue


async def add(
    commands: QueueCommands,
    *names: Path | str,
    comes_next: bool = False,
    before: int | None = None,
    after: int | None = None,
    replaces: bool = False,
) -> dict[str, Any]:
    """To the end of it; reasons of all answers."""
    texts = [str(name) for name in names]
    told = await commands.add(texts, comes_next=comes_next, before=before, after=after, replaces=replaces)
    reasons = list(cast("list[JsonObject]", told["reasons"]))
    while not told["done"]:
        told = await commands.adding(cast("int", told["job"]))
        reasons += cast("list[JsonObject]", told["reasons"])
    return {**told, "reasons": reasons}


def files(place: Path, *names: str) -> list[Path]:
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"x")
    return [place / name for name in names]


def labels(queue: Queue) -> list[str]:
    return [short_name(entry.where) for entry in queue.entries]


def test_what_is_there_is_added_and_the_rest_is_told(tmp_path: Path) -> None:
    files(tmp_path, "a.flac", "dir/2.flac", "dir/10.flac", "dir/cover.jpg")
    (tmp_path / "list.m3u").write_text("#EXTINF:1,P - T\na.flac\ngone.flac\n")

    async def work(commands: QueueCommands) -> None:
        told = await add(commands, tmp_path / "dir", tmp_path / "none.flac", tmp_path / "list.m3u", "http://x/y")
        assert (told["added"], told["refused"], told["length"], told["done"]) == (3, 3, 3, True)
        assert [Path(each["name"]).name for each in told["reasons"]] == ["none.flac", "gone.flac", "y"]
        rows = commands.rows(2, 10)
        assert (rows["length"], rows["first"], rows["current"]) == (3, 3, None)
        assert rows["entries"] == [
            {
                "place": 3,
                "id": 3,
                "label": str(tmp_path / "a.flac"),
                "title": "T",
                "artist": "P",
                "album": None,
                "start_s": 0.0,
                "length_s": None,
                "current": False,
                "trouble": None,
            }
        ]

    assert labels(run(work)) == ["2.flac", "10.flac", "a.flac"]


@pytest.mark.parametrize(
    ("spot", "expected"),
    [
        ({}, "abcxyz"),
        ({"comes_next": True}, "axyzbc"),
        ({"before": 1}, "xyzabc"),
        ({"after": 2}, "abxyzc"),
        ({"replaces": True}, "xyz"),
    ],
)
def test_what_comes_in_many_portions_stands_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spot: dict[str, Any], expected: str
) -> None:
    monkeypatch.setattr(finding, "CHUNK", 1)
    queue = Queue()
    queue.add([Input(Path(name)) for name in "abc"])
    queue.advance()
    names = files(tmp_path, *"xyz")

    async def work(commands: QueueCommands) -> None:
        told = await add(commands, *names, **spot)
        assert (told["first"], told["last"], told["added"]) == (4, 6, 3)

    assert "".join(labels(run(work, queue))) == expected


def test_two_additions_at_once_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "CHUNK", 2)
    names = files(tmp_path, *(f"{folder}/{number}.flac" for folder in "ab" for number in range(9)))

    async def work(commands: QueueCommands) -> None:
        await asyncio.gather(add(commands, tmp_path / "a"), add(commands, tmp_path / "b"))

    found = list(local_files(entry.where for entry in run(work).entries))
    assert sorted(found) == names
    assert [path.parent.name for path in found] in (["a"] * 9 + ["b"] * 9, ["b"] * 9 + ["a"] * 9)


def test_a_playlist_that_gives_nothing_replaces_nothing(tmp_path: Path) -> None:
    queue = Queue()
    queue.add([Input(Path("/a"))])
    (tmp_path / "list.m3u").write_text("gone.flac\n")

    async def work(commands: QueueCommands) -> None:
        told = await add(commands, tmp_path / "list.m3u", replaces=True)
        assert (told["added"], told["refused"], told["length"]) == (0, 1, 1)

    run(work, queue)


def test_what_hangs_is_given_up_and_its_thread_counts_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()

    def hang(names: Sequence[str], *_known: frozenset[str]) -> Iterator[Input]:
        answers.wait()
        yield from (Input(Path(name)) for name in names)

    monkeypatch.setattr(finding, "expand", hang)
    monkeypatch.setattr(finding, "STALL_S", 0.01)

    async def work(commands: QueueCommands) -> None:
        try:
            for _ in range(MOST_ADDING):
                with pytest.raises(MediaError, match="nothing more was found"):
                    await add(commands, "/a")
            with pytest.raises(Usage, match="additions are under way"):
                await add(commands, "/a")
        finally:
            answers.set()
        monkeypatch.setattr(finding, "STALL_S", 60.0)
        while True:
            with suppress(Usage):  # the threads end one after the other
                await add(commands, "/a")
                return
            await asyncio.sleep(0)

    assert labels(run(work)) == ["a"]


def test_a_queue_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_adding, "MAX_ENTRIES", 3)
    names = files(tmp_path, *"abcd")

    async def work(commands: QueueCommands) -> None:
        await add(commands, *names[:2])
        with pytest.raises(Usage, match="the queue is full"):
            await add(commands, *names[2:])

    assert labels(run(work)) == ["a", "b"]


def test_places_and_ids_name_entries() -> None:
    queue = Queue()
    queue.add([Input(Path(name)) for name in "abcdefgh"])

    async def work(commands: QueueCommands) -> None:
        assert commands.remove((), ((2, 3), (3, 4)))["removed"] == 3
        assert "".join(labels(queue)) == "aefgh"
        assert commands.move((), ((4, 5),), 2)["moved"] == 2
        assert "".join(labels(queue)) == "aghef"
        commands.move((1,), (), 5)
        assert "".join(labels(queue)) == "ghefa"
        commands.remove((7,), ())
        wrong: Sequence[Callable[[], JsonObject]] = (
            lambda: commands.remove((), ((4, 5),)),
            lambda: commands.remove((7,), ()),
            lambda: commands.move((), ((9, 9),), 1),
        )
        for each in wrong:
            with pytest.raises(NotFound):
                each()
        assert "".join(labels(queue)) == "hefa"
        assert commands.clear()["length"] == 0

    run(work, queue)


def test_modes_that_are_not_named_stay() -> None:
    async def work(commands: QueueCommands) -> None:
        commands.set_modes("all", shuffle=True, consume=None)
        told = commands.set_modes(None, shuffle=None, consume=True)
        assert told["modes"] == {"repeat": "all", "shuffle": True, "consume": True}
        with pytest.raises(Usage, match="off, one, all"):
            commands.set_modes("some", shuffle=None, consume=None)

    run(work)


@pytest.mark.parametrize("suffix", [".m3u8", ".xspf"])
def test_what_is_saved_is_loaded_again(tmp_path: Path, suffix: str) -> None:
    files(tmp_path, "album.flac", "\udcff ü.flac")
    (tmp_path / "a.cue").write_text(
        'FILE "album.flac" WAVE\nTRACK 1 AUDIO\nTITLE T\nINDEX 1 0:0:0\nTRACK 2 AUDIO\nINDEX 1 0:2:1\n'
    )
    saved = tmp_path / f"saved{suffix}"

    async def work(commands: QueueCommands) -> None:
        await add(commands, tmp_path / "a.cue", tmp_path)
        before = [(each.where, each.excerpt, each.hints) for each in queue.entries]
        assert len(before) == 4
        assert (await commands.save(str(saved)))["path"] == str(saved)
        told = await add(commands, saved, replaces=True)
        assert (told["added"], told["refused"], told["length"]) == (4, 0, 4)
        assert [(each.where, each.excerpt, each.hints) for each in queue.entries] == before

    queue = Queue()
    run(work, queue)


@pytest.mark.parametrize(("name", "error"), [("/x/list.wpl", Usage), ("list.m3u8", Usage), ("/no/x.m3u8", NotFound)])
def test_where_no_playlist_can_be_written_is_said(name: str, error: type[StellaError]) -> None:
    queue = Queue()
    queue.add([Input(Path("/a"))])

    async def work(commands: QueueCommands) -> None:
        with pytest.raises(error):
            await commands.save(name)

    run(work, queue)


def test_names_are_absolute() -> None:
    async def work(commands: QueueCommands) -> None:
        with pytest.raises(Usage, match="not absolute"):
            await add(commands, "a.flac")

    run(work)
