"""Sources and lyrics: what is asked, and that no answer is believed unchecked; nobody dies of a wrong text."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from abi.wire import CancelCall, FetchLyrics, Json, ListItems, OpenStream, Payload, SearchLyrics, StreamOpened
from host.capabilities import ItemKind, Lyrics, OpenedStream, Source, Words
from host.errors import ConfigRejected, ProtocolViolated
from host.runtime import Instance, loading
from tests.unit.host.capabilities.test_proxies import run
from tests.unit.host.worker.peer import Peer, replying, requests_of

Ask = Callable[[Instance], Awaitable[object]]
ITEM = {"id": "a", "title": "A", "kind": "track"}


@pytest.fixture(autouse=True)
def _no_library_to_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "copy_library", lambda _: None)


def answer(value: object) -> Json:
    return Json(Payload(json.dumps(value).encode()))


def opened(value: object) -> StreamOpened:
    return StreamOpened(Payload(json.dumps(value).encode()), False, False, -1)


def test_a_page_is_read(tmp_path: Path) -> None:
    more = {"id": "b", "title": "B", "kind": "folder", "year": 1999}

    async def body(instance: Instance, peer: Peer) -> None:
        page = await Source(instance).list_items({"path": "x"})
        assert page.next == "token"
        assert [(each.id, each.title, each.kind) for each in page.items] == [
            ("a", "A", ItemKind.TRACK),
            ("b", "B", ItemKind.FOLDER),
        ]
        assert page.items[1].value == more
        assert peer.received[-1] == ListItems(instance.id, Payload(b'{"path":"x"}'))
        assert requests_of(peer, CancelCall) == 0

    assert run(tmp_path, body, replying(answer({"items": [ITEM, more], "next": "token"})))


def test_a_stream_is_a_path(tmp_path: Path) -> None:
    async def body(instance: Instance, peer: Peer) -> None:
        assert await Source(instance).open_stream({"id": "a"}) == Path("/music/ü.flac")
        assert peer.received[-1] == OpenStream(instance.id, Payload(b'{"id":"a"}'))

    assert run(tmp_path, body, replying(opened({"path": "/music/ü.flac", "more": 1})))


@pytest.mark.parametrize(("told", "size"), [(-1, None), (0, 0), (2**40, 2**40)])
def test_a_stream_is_the_source_s_own(tmp_path: Path, told: int, size: int | None) -> None:
    async def body(instance: Instance, _peer: Peer) -> None:
        stream = await Source(instance).open_stream({"id": "a"})
        assert stream == OpenedStream({"title": "A"}, seeks=True, size_bytes=size)

    assert run(tmp_path, body, replying(StreamOpened(Payload(b'{"title": "A"}'), True, True, told)))


def test_a_size_that_cannot_be_costs_the_worker(tmp_path: Path) -> None:
    async def body(instance: Instance, _peer: Peer) -> None:
        with pytest.raises(ProtocolViolated, match="open_stream: position"):
            await Source(instance).open_stream({})

    assert not run(tmp_path, body, replying(StreamOpened(Payload(b"{}"), True, True, 2**62)))


def test_candidates_and_words_are_read(tmp_path: Path) -> None:
    async def body(instance: Instance, peer: Peer) -> None:
        peer.answer = replying(answer([{"id": "a"}, {"id": "b"}]))
        assert await Lyrics(instance).search({"title": "x"}) == ({"id": "a"}, {"id": "b"})
        peer.answer = replying(answer({"lrc": "[00:01.00]x", "text": "x"}))
        assert await Lyrics(instance).fetch({"id": "a"}) == Words("[00:01.00]x", timed=True)
        peer.answer = replying(answer({"text": ""}))
        assert await Lyrics(instance).fetch({"id": "b"}) == Words("", timed=False)
        sent = [message for message in peer.received if isinstance(message, SearchLyrics | FetchLyrics)]
        assert len(sent) == 3

    assert run(tmp_path, body)


LIST: Ask = lambda instance: Source(instance).list_items({})  # noqa: E731
OPEN: Ask = lambda instance: Source(instance).open_stream({})  # noqa: E731
SEARCH: Ask = lambda instance: Lyrics(instance).search({})  # noqa: E731
FETCH: Ask = lambda instance: Lyrics(instance).fetch({})  # noqa: E731

WRONG: dict[str, tuple[Ask, bytes]] = {
    "no text": (LIST, b""),
    "no JSON": (LIST, b"{"),
    "no object": (LIST, b"[]"),
    "no items": (LIST, b"{}"),
    "items of another type": (LIST, b'{"items": {}}'),
    "an item that is none": (LIST, b'{"items": [7]}'),
    "an item without id": (LIST, b'{"items": [{"title": "A", "kind": "track"}]}'),
    "an item of no kind": (LIST, b'{"items": [{"id": "a", "title": "A", "kind": "album"}]}'),
    "a kind that is no text": (LIST, b'{"items": [{"id": "a", "title": "A", "kind": ["track"]}]}'),
    "a number as token": (LIST, b'{"items": [], "next": 7}'),
    "an empty token": (LIST, b'{"items": [], "next": ""}'),
    "a long token": (LIST, b'{"items": [], "next": "' + b"x" * 5000 + b'"}'),
    "too long a page": (LIST, b'{"items": [], "more": "' + b"x" * (1 << 20) + b'"}'),
    "no path": (OPEN, b"{}"),
    "a relative path": (OPEN, b'{"path": "music/a.flac"}'),
    "a path with a zero": (OPEN, b'{"path": "/a\\u0000b"}'),
    "a path of half a character": (OPEN, b'{"path": "/\\ud800"}'),
    "a long path": (OPEN, b'{"path": "/' + b"x" * 5000 + b'"}'),
    "candidates that are no list": (SEARCH, b"{}"),
    "a candidate that is no object": (SEARCH, b'[{"id": "a"}, "b"]'),
    "no words": (FETCH, b"{}"),
    "words of another type": (FETCH, b'{"lrc": 7}'),
    "too many words": (FETCH, b'{"text": "' + b"x" * ((1 << 20) + 1) + b'"}'),
}


@pytest.mark.parametrize(("ask", "text"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_refused_and_nobody_dies(tmp_path: Path, ask: Ask, text: bytes) -> None:
    async def body(instance: Instance, _peer: Peer) -> None:
        for _ in range(2):
            with pytest.raises(ProtocolViolated, match=r"test\.dsp\.gain gain: (list_items|open_stream|search|fetch)"):
                await ask(instance)

    reply = StreamOpened(Payload(text), False, False, -1) if ask is OPEN else Json(Payload(text))
    assert run(tmp_path, body, replying(reply))


def test_a_question_that_json_cannot_carry_is_not_asked(tmp_path: Path) -> None:
    async def body(instance: Instance, peer: Peer) -> None:
        with pytest.raises(ConfigRejected):
            await Source(instance).list_items({"path": "\udcff"})
        assert requests_of(peer, ListItems) == 0

    assert run(tmp_path, body)
