"""What plugins ask is carried out, and who asked for it is told what plays; nobody else, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from host.app.plugin_requests import PluginRequests
from host.errors import NotRunning
from host.events import PlaybackEnded, PluginAsked, TrackEnded, TrackStarted, WorkerExited
from host.ids import Generation
from host.jsontext import Json, JsonObject, dump_json
from host.packages import Right
from host.playback import Now
from host.runtime import loading
from host.worker import ExitStatus
from tests.unit.host.cli.test_progress import now
from tests.unit.host.runtime.rig import LONG_S, Rig, run
from tests.unit.host.runtime.test_control_requests import ask, next_fact, pushed
from tests.unit.host.runtime.workers import MANIFEST

RIGHTED = replace(MANIFEST, rights=frozenset(Right))
ALL = ["player.playback_ended", "player.tick", "player.track_ended", "player.track_started"]
#: So soon that a test need not wait, so late that few come by themselves.
TICK_S = 0.01


@pytest.fixture(autouse=True)
def _no_library_to_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "copy_library", lambda _: None)


@dataclass
class Stage:
    """What plays, and who was stopped."""

    playing: Now | None = None
    broken: bool = False
    stops: list[int] = field(default_factory=list)
    stoppable: bool = True

    def now(self) -> Now | None:
        if self.broken:
            raise NotRunning("its worker is gone")
        return self.playing

    def stopper(self) -> Callable[[], None] | None:
        return (lambda: self.stops.append(1)) if self.stoppable else None


@dataclass
class Room:
    """The room under test, the runtime below it, and the plugin's end."""

    rig: Rig
    stage: Stage
    served: PluginRequests
    asked: int = 0

    async def ask(self, control: str, **more: Json) -> JsonObject:
        """The result or the error that the plugin is told."""
        self.asked += 1
        ask(self.rig, self.asked, dump_json({"control": control, **more}).encode())
        async with asyncio.timeout(LONG_S):
            while True:
                for event in pushed(self.rig):
                    if event.get("request") == self.asked:
                        found = event["result" if event["ok"] else "error"]
                        assert isinstance(found, dict)
                        return found
                await asyncio.sleep(0.002)

    def ticks(self) -> bool:
        return self.served.ticking

    def heard(self, kind: str) -> list[JsonObject]:
        return [event for event in pushed(self.rig) if event["type"] == kind]


@asynccontextmanager
async def room(rig: Rig, tick_s: float = TICK_S) -> AsyncIterator[Room]:
    stage = Stage()
    served = PluginRequests(rig.bus, rig.runtime.requests, stage.now, stage.stopper, LONG_S, tick_s)
    try:
        await rig.create()
        yield Room(rig, stage, served)
    finally:
        await served.close()
        await served.close()


def in_room(tmp_path: Path, body: Callable[[Room], Awaitable[None]], tick_s: float = TICK_S) -> None:
    async def whole(rig: Rig) -> None:
        async with room(rig, tick_s) as made:
            await body(made)

    run(tmp_path, whole, manifest=RIGHTED)


def test_the_player_tells_what_plays(tmp_path: Path) -> None:
    async def body(made: Room) -> None:
        nothing = {"playing": False, "position": None, "track": None}
        assert await made.ask("player", command="status") == nothing
        made.stage.playing = now(1.0, 5.0)
        found = await made.ask("player", command="status")
        track = found["track"]
        assert isinstance(track, dict)
        assert (found["playing"], track["label"], track["done_s"], track["total_s"]) == (True, "a.flac", 1.0, 5.0)
        made.stage.broken = True
        assert await made.ask("player", command="status") == nothing

    in_room(tmp_path, body)


def test_the_player_is_stopped_when_the_plugin_knows(tmp_path: Path) -> None:
    async def body(made: Room) -> None:
        assert (await made.ask("player", command="stop"))["code"] == "not_playing"
        made.stage.playing = now(1.0, 5.0)
        made.stage.stoppable = False
        assert (await made.ask("player", command="stop"))["code"] == "unsupported"
        made.stage.stoppable = True
        assert made.stage.stops == []
        assert await made.ask("player", command="stop") == {"stopping": True}
        async with asyncio.timeout(LONG_S):
            while not made.stage.stops:
                await asyncio.sleep(0.002)

    in_room(tmp_path, body)


@pytest.mark.parametrize(
    ("control", "more", "code"),
    [
        ("player", {"command": "dance"}, "unsupported"),
        ("player", {}, "unsupported"),
        ("queue", {"command": "list"}, "unavailable"),
        ("library", {"command": "search"}, "unavailable"),
        ("subscribe", {}, "bad_request"),
        ("subscribe", {"topics": "player.tick"}, "bad_request"),
        ("subscribe", {"topics": []}, "bad_request"),
        ("subscribe", {"topics": ["player.tick"] * 17}, "bad_request"),
        ("subscribe", {"topics": ["player.tick", "library.*"]}, "no_topic"),
        ("subscribe", {"topics": [7]}, "no_topic"),
    ],
)
def test_what_cannot_be_done_is_said_so(tmp_path: Path, control: str, more: JsonObject, code: str) -> None:
    async def body(made: Room) -> None:
        assert (await made.ask(control, **more))["code"] == code
        assert not made.ticks()

    in_room(tmp_path, body)


def test_ticks_come_while_something_plays_and_somebody_listens(tmp_path: Path) -> None:
    async def body(made: Room) -> None:
        assert not made.ticks()
        assert await made.ask("subscribe", topics=["player.tick"]) == {"topics": ["player.tick"]}
        assert made.ticks()
        made.stage.playing = now(1.0, 5.0)
        async with asyncio.timeout(LONG_S):
            while len(made.heard("player.tick")) < 4:
                await asyncio.sleep(0.002)
        silent, *ticks = made.heard("player.tick")
        assert (silent["playing"], {tick["playing"] for tick in ticks}) == (False, {True})
        assert await made.ask("unsubscribe", topics=["player.tick"]) == {"topics": []}
        assert not made.ticks()

    in_room(tmp_path, body)


def test_silence_is_told_once(tmp_path: Path) -> None:
    async def body(made: Room) -> None:
        made.stage.playing = now(1.0, 5.0)
        await made.ask("subscribe", topics=["player.tick"])
        async with asyncio.timeout(LONG_S):
            while not made.heard("player.tick"):
                await asyncio.sleep(0.002)
            made.stage.playing = None
            while made.heard("player.tick")[-1]["playing"]:
                await asyncio.sleep(0.002)
        count = len(made.heard("player.tick"))
        for _ in range(5):  # of the room's own clock
            await asyncio.sleep(TICK_S)
        assert len(made.heard("player.tick")) == count

    in_room(tmp_path, body)


def test_tracks_and_the_end_are_told_to_who_asked(tmp_path: Path) -> None:
    async def body(made: Room) -> None:
        started = TrackStarted(0, "x" * 5000, "flac", 512, 44_100, 44_100, 2, "One", "Two", "Three")
        made.rig.bus.publish(started)  # before anybody asked
        assert await made.ask("subscribe", topics=["player.*"]) == {"topics": [*ALL]}
        for fact in (started, TrackEnded(0, "a", 7, ""), PlaybackEnded(9, 1, 0)):
            made.rig.bus.publish(fact)
        left = await made.ask("unsubscribe", topics=["player.track_ended", "player.tick"])
        assert left == {"topics": ["player.playback_ended", "player.track_started"]}
        made.rig.bus.publish(TrackEnded(1, "b", 7, ""))
        made.rig.bus.publish(started)
        await made.ask("player", command="status")
        (first, again), (ended,) = made.heard("player.track_started"), made.heard("player.track_ended")
        assert first == again
        assert (first["index"], first["position"], len(str(first["label"]))) == (0, 512, 1000)
        assert (first["title"], first["artist"], first["album"]) == ("One", "Two", "Three")
        assert ended == {"type": "player.track_ended", "index": 0, "label": "a", "frames": 7, "error": ""}
        (end,) = made.heard("player.playback_ended")
        assert end == {"type": "player.playback_ended", "position": 9, "played": 1, "failed": 0}

    in_room(tmp_path, body, tick_s=LONG_S)


def test_a_subscription_ends_with_its_generation(tmp_path: Path) -> None:
    async def body(made: Room) -> None:
        await made.ask("subscribe", topics=["player.*"])
        assert made.ticks()
        made.rig.workers.peer.process.end(ExitStatus(signal=11))
        await next_fact(made.rig, WorkerExited)
        async with asyncio.timeout(LONG_S):
            while made.ticks():
                await asyncio.sleep(0.002)
        await made.rig.create()
        made.asked = 0
        await made.ask("player", command="status")
        made.rig.bus.publish(PlaybackEnded(9, 1, 0))
        await made.ask("player", command="status")
        assert not made.heard("player.playback_ended")
        (_, last) = [fact.generation for fact in made.rig.history() if isinstance(fact, PluginAsked)][-2:]
        assert last == Generation(2)

    in_room(tmp_path, body, tick_s=LONG_S)
