"""LRCLIB in a real worker, against a stand-in that answers well, and one that does not."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from abi.kinds import CapabilityKind, ConfigUpdateMode
from abi.wire import CancelCall, Failed, FaultKind, FetchLyrics, Payload, SearchLyrics
from tests.support.in_process import Made
from tests.support.lrclib_server import MISBEHAVIOURS, LrclibServer, entry, lrclib
from tests.support.waiting import until
from tests.support.worker_peer import ROOT, WorkerPeer

LYRICS = CapabilityKind.LYRICS_PROVIDER
LIBRARY = ROOT / "native_plugins/lyrics_lrclib/lyrics_lrclib.so"
SONG = {"title": "Söng & Dance", "artist": "Die Band", "album": "Album", "duration_ms": 180_000, "path": "/a.flac"}

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="lyrics_lrclib is not built: no libcurl")


def config(url: str, **more: object) -> dict[str, object]:
    return {"base_url": url, "timeout_ms": 10_000, "spacing_ms": 0, "rest_s": 300} | more


def provider(worker: WorkerPeer, server: LrclibServer, **more: object) -> WorkerPeer:
    """Instance 1."""
    worker.load(LIBRARY)
    worker.ask(worker.creation(LYRICS, "lrclib", config(server.url, **more)))
    return worker


def payload(value: object) -> Payload:
    return Payload(json.dumps(value).encode())


def searched(worker: WorkerPeer, **query: object) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(worker.ask(SearchLyrics(1, payload(SONG | query))).text)
    return found


def fetched(worker: WorkerPeer, candidate: object) -> dict[str, str]:
    words: dict[str, str] = json.loads(worker.ask(FetchLyrics(1, payload(candidate))).text)
    return words


def refused(worker: WorkerPeer) -> str:
    return worker.refused(SearchLyrics(1, payload(SONG)), FaultKind.PLUGIN).text


def test_a_song_that_it_knows_is_found_at_once(worker: WorkerPeer) -> None:
    with lrclib(entry(7, "Söng & Dance", "Die Band"), entry(8, "Söng & Dance (live)", "Die Band")) as server:
        provider(worker, server)
        (found,) = searched(worker)
        assert found == {
            "id": 7,
            "timed": True,
            "duration_ms": 180_000,
            "title": "Söng & Dance",
            "artist": "Die Band",
            "album": "Album",
        }
        assert fetched(worker, found) == {"lrc": "[00:01.00]synced 7"}
        (asked,) = server.asked
        assert asked.path == "/api/get"
        assert asked.parameters == {
            "track_name": "Söng & Dance",
            "artist_name": "Die Band",
            "album_name": "Album",
            "duration": "180",
        }
        assert asked.user_agent.startswith("StellaTune lyrics_lrclib/1.")
        assert "path" not in asked.parameters and "a.flac" not in json.dumps(asked.parameters)


def test_who_wants_to_choose_is_shown_all(worker: WorkerPeer) -> None:
    entries = [
        entry(1, "Söng & Dance", "Die Band", syncedLyrics=None),
        entry(2, "Söng & Dance", "Die Band", plainLyrics="", syncedLyrics="", instrumental=True),
        entry(3, "Söng & Dance", "Die Band", plainLyrics=None, syncedLyrics=None),
        entry(4, "Other", "Die Band"),
    ]
    with lrclib(*entries) as server:
        provider(worker, server)
        found = searched(worker, many=True)
        assert [(each["id"], each["timed"]) for each in found] == [(1, False), (2, False)]
        assert [fetched(worker, each) for each in found] == [{"text": "plain 1"}, {"text": ""}]
        assert server.paths == ["/api/search"]
        assert fetched(worker, {"id": 4}) == {"lrc": "[00:01.00]synced 4"}
        assert server.paths == ["/api/search", "/api/get/4"]


def test_a_song_that_it_does_not_know_is_searched_for(worker: WorkerPeer) -> None:
    with lrclib(entry(7, "Söng & Dance", "Die Band", seconds=300)) as server:
        provider(worker, server)
        assert [each["id"] for each in searched(worker)] == [7]
        assert searched(worker, title="nothing like it") == []
        assert searched(worker, title="") == []
        assert server.paths == ["/api/get", "/api/search"] * 2


@pytest.mark.parametrize("behaviour", MISBEHAVIOURS)
def test_a_server_that_misbehaves_is_named_and_harms_nobody(worker: WorkerPeer, behaviour: str) -> None:
    words = {
        "500": "HTTP status 500",
        "429": "HTTP status 429",
        "hang": "no answer in time",
        "drip": "no answer in time",
        "garbage": "makes no sense",
        "huge": "longer than 4194304 bytes",
        "wrong types": "",
        "not a list": "makes no sense",
        "redirect": "again and again",
        "cut": "127.0.0.1",
    }[behaviour]
    with lrclib(entry(7, "Söng & Dance", "Die Band"), behaviour=behaviour) as server:
        provider(worker, server, timeout_ms=300)
        if words:
            assert words in refused(worker)
            assert len(server.asked) <= 6
        else:
            assert searched(worker) == searched(worker, many=True) == []
            worker.refused(FetchLyrics(1, payload({"id": 7})), FaultKind.PLUGIN)
        server.behaviour = "well"
        if behaviour == "429":
            assert "is left alone for 1" in refused(worker)
            assert len(server.asked) == 1
        else:
            assert searched(worker)[0]["id"] == 7


def test_after_three_failures_it_is_left_alone(worker: WorkerPeer) -> None:
    with lrclib(behaviour="500") as server:
        provider(worker, server)
        assert ["HTTP status 500" in refused(worker) for _ in range(3)] == [True] * 3
        server.behaviour = "well"
        assert ["is left alone for" in refused(worker) for _ in range(5)] == [True] * 5
        assert len(server.asked) == 3


def test_between_two_requests_is_a_pause(worker: WorkerPeer) -> None:
    with lrclib() as server:
        provider(worker, server, spacing_ms=100)
        for _ in range(2):
            searched(worker)
        assert len(server.asked) == 4
        assert server.most_at_once == 1
        assert all(later.at_s - earlier.at_s >= 0.1 for earlier, later in pairwise(server.asked))


def test_a_call_that_is_cancelled_gives_up(worker: WorkerPeer) -> None:
    with lrclib(behaviour="hang") as server:
        provider(worker, server, timeout_ms=60_000)
        asking = worker.send(SearchLyrics(1, payload(SONG)))
        assert until(lambda: len(server.asked) == 1, 20.0)
        worker.ask(CancelCall(1))
        assert isinstance(worker.answer(asking), Failed)
        server.behaviour = "well"
        assert searched(worker) == []


@pytest.mark.parametrize("candidate", [{}, {"id": "7"}, {"id": 0}, {"id": 1.5}, {"id": -1}, {"id": 1e17}, [], 7])
def test_what_is_no_candidate_is_refused(worker: WorkerPeer, candidate: object) -> None:
    with lrclib() as server:
        provider(worker, server)
        failed = worker.refused(FetchLyrics(1, payload(candidate)), FaultKind.PLUGIN)
        assert "no candidate" in failed.text
        assert server.asked == []


@pytest.mark.parametrize(
    "url", ["", "lrclib.net", "ftp://lrclib.net", "https://", "file:///etc/passwd", "http://a/?x=1"]
)
def test_an_address_of_nothing_is_refused(worker: WorkerPeer, url: str) -> None:
    worker.load(LIBRARY)
    refusal = worker.refused(worker.creation(LYRICS, "lrclib", config(url)), FaultKind.PLUGIN)
    assert "base_url is an address" in refusal.text


def test_how_it_takes_new_configurations() -> None:
    made = Made(LIBRARY, LYRICS, "lrclib", config("http://127.0.0.1:1"))
    assert made.plan(config("http://127.0.0.1:1", spacing_ms=5)) == (ConfigUpdateMode.HOT_APPLY, "")
    assert made.plan(config("http://127.0.0.1:2"))[0] is ConfigUpdateMode.RECREATE
    mode, reason = made.plan(config("ftp://x"))
    assert mode is ConfigUpdateMode.REJECT
    assert "base_url" in reason and "base_url" in made.apply(config("ftp://x"))
    assert made.apply(config("http://127.0.0.1:1", spacing_ms=5)) == ""
    assert made.asked("search_json_utf8", {}) == []
    made.destroy()
