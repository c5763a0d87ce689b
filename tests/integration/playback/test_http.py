"""Files and stations over HTTP through the playing host: what is heard is what the server has, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from host.events import StageMended, TrackTitled
from host.jsontext import Json
from host.playback import PlayState
from host.where import SourceTrack
from tests.integration.playback.playing_queue import RATE_HZ, Music, Run, music
from tests.integration.playback.test_streams import ended, kill, numbered, pid_of
from tests.support.encoded import ENCODINGS
from tests.support.http_file import HttpFile
from tests.support.http_server import HttpServer, answer
from tests.support.icy_station import IcyStation
from tests.support.worker_peer import ROOT

FRAMES = RATE_HZ * 20
SHORT = RATE_HZ * 2
KILLS = 7

pytestmark = pytest.mark.skipif(
    not (ROOT / "native_plugins/source_http/source_http.so").exists(), reason="source_http is not built: no libcurl"
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    """Reached directly, whatever proxy this machine has."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with HttpServer() as made:
        yield made


def file_at(server: HttpServer, name: str, path: Path, frames: int) -> tuple[SourceTrack, HttpFile]:
    """A numbered file of so many frames, behind a server that breaks the connection every 200 kB."""
    file = HttpFile(numbered(path / name, frames).read_bytes(), "audio/wav", close_every=200_000)
    server.routes[f"/{name}"] = file
    return SourceTrack(server.url(f"/{name}")), file


async def update(made: Music, **config: Json) -> tuple[str, str]:
    """What became of a configuration of the source that plays, and why."""
    player = made.transport.player
    assert player is not None
    outcome = await player.update("source", dict(config))
    return outcome.kind.value, outcome.reason


def test_kills_seeks_and_a_server_that_breaks_off_are_not_heard(tmp_path: Path, server: HttpServer) -> None:
    dice = Random(6)

    async def body() -> None:
        track, file = file_at(server, "a.wav", tmp_path, FRAMES)
        other, _ = file_at(server, "b.wav", tmp_path, SHORT)
        async with music(tmp_path, [track, other, SHORT]) as made:
            entry = made.entries[0]
            with made.app.bus.subscribe(StageMended, capacity=100) as mended:
                await made.transport.play()
                killed: set[int] = set()
                places = [0]
                for _ in range(KILLS):
                    place = dice.randrange(48) * RATE_HZ // 4
                    await made.until_heard(entry, places[-1] + dice.randrange(SHORT))
                    await kill(made, "source", killed)
                    await made.transport.seek(place / RATE_HZ)
                    places.append(place)
                    await made.until_heard(entry, place + 1)
                await made.transport.seek((FRAMES - 2 * SHORT) / RATE_HZ)
                await ended(made)
                told = list(iter(mended.poll, None))
            assert len(killed) == KILLS
            assert {(fact.name, fact.grade) for fact in told} == {("source", "A")}
            # One worker serves what plays and what comes next.
            assert len({fact.generation for fact in told}) == KILLS
        runs = made.runs()
        assert [run.start for run in runs] == [*places, FRAMES - 2 * SHORT, 0, 0]
        assert runs[-3:] == [Run(FRAMES - 2 * SHORT, FRAMES), Run(0, SHORT), Run(0, SHORT)]
        assert [failure for _, failure in made.played] == ["", "", ""]
        assert file.served > len(file.data) // 200_000

    asyncio.run(body())


def test_the_source_of_a_stream_is_configured_while_it_plays(tmp_path: Path, server: HttpServer) -> None:
    async def body() -> None:
        track, _ = file_at(server, "a.wav", tmp_path, FRAMES)
        async with music(tmp_path, [track]) as made:
            (entry,) = made.entries
            await made.transport.play()
            await made.until_heard(entry, 1000)
            before = pid_of(made, "source")
            assert await update(made, reconnects=20) == ("applied", "")
            assert pid_of(made, "source") == before
            assert (await update(made, user_agent="Another/1"))[0] == "recreated"
            await made.until_heard(entry, FRAMES // 4)
            kind, reason = await update(made, urls=["ftp://x/"])
            assert (kind, "must begin with http" in reason) == ("rejected", True)
            usual, server.routes["/a.wav"] = server.routes["/a.wav"], answer(b"", status="403 Forbidden")
            kind, reason = await update(made, user_agent="Refused/1")
            assert (kind, "HTTP status 403" in reason) == ("failed", True)
            server.routes["/a.wav"] = usual
            assert (await update(made, user_agent="Last/1"))[0] == "recreated"
            await ended(made)
        assert made.runs() == [Run(0, FRAMES)]
        agents = {request.headers["user-agent"] for request in server.requests}
        assert agents == {"StellaTune", "Another/1", "Refused/1", "Last/1"}

    asyncio.run(body())


def test_a_file_that_changes_on_its_server_ends_with_a_word(tmp_path: Path, server: HttpServer) -> None:
    async def body() -> None:
        track, file = file_at(server, "a.wav", tmp_path, FRAMES)
        file.changes_at, file.changed = 5, bytes(len(file.data))
        async with music(tmp_path, [track, SHORT]) as made:
            await made.transport.play()
            await ended(made)
        (_, failure), (_, fine) = made.played
        assert "has changed on the server" in failure and fine == ""
        runs = made.runs()
        assert runs[0].start == 0 and 0 < runs[0].end < FRAMES // 2 and runs[1:] == [Run(0, SHORT)]

    asyncio.run(body())


@pytest.mark.parametrize("kind", ["mp3_no_header", "mp3_variable"])
def test_titles_of_a_station_are_told_and_it_is_found_again(tmp_path: Path, server: HttpServer, kind: str) -> None:
    """Also where it begins with a file that says how long it is: a station has no end."""
    encoding = next(each for each in ENCODINGS if each.name == kind)
    path, _ = encoding.make(tmp_path, seconds=5)
    size = path.stat().st_size
    titles = {size * n: f"StreamTitle='Song {n}';".encode() for n in range(8)}
    station = IcyStation(path.read_bytes(), titles, drops_after=70_001)
    server.routes["/live"] = station

    async def body() -> None:
        async with music(tmp_path, [SourceTrack(server.url("/live")), SHORT]) as made:
            entry, last = made.entries
            with made.app.bus.subscribe(TrackTitled) as told:
                await made.transport.play()
                heard: list[str] = []
                while len(heard) < 8:
                    fact = await anext(told)
                    heard.append(fact.title)
                assert heard == [f"Song {n}" for n in range(8)]
            await made.until_heard(entry, RATE_HZ)
            killed: set[int] = set()
            await kill(made, "source", killed)
            await made.until(lambda: pid_of(made, "source") not in killed)
            now = made.transport.now()
            assert now is not None
            assert now.track.duration_s is None
            await made.until_heard(entry, now.place.source_frame + RATE_HZ)
            assert made.transport.state is PlayState.PLAYING
            await made.transport.next()
            await made.until_heard(last, 1)
        assert len(server.asked("/live")) > 4

    asyncio.run(body())
