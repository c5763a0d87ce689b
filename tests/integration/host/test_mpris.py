"""The host on a real message bus, as a desktop sees it; and what becomes of it when that bus hangs or ends."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from host.errors import NotFound
from host.events import EventBus, PlaybackStateChanged, QueueChanged, Seeked
from host.jsontext import Json, JsonObject
from host.playback import Queue, Repeat
from tests.support.session_bus import SessionBus, session_bus

dbus_fast = pytest.importorskip("dbus_fast")

from dbus_fast import Message, MessageType, Variant  # noqa: E402
from dbus_fast.aio import MessageBus  # noqa: E402

from host.mpris import BUS_NAME, Presence  # noqa: E402
from host.mpris import presence as presence_module  # noqa: E402

LONG_S = 30.0
PLAYER = "org.mpris.MediaPlayer2.Player"


@dataclass
class Music:
    """It does nothing but remember."""

    bus: EventBus
    asked: list[tuple[object, ...]] = field(default_factory=list)
    state: str = "paused"

    def note(self, *what: object) -> JsonObject:
        self.asked.append(what)
        return {}

    async def play(self) -> JsonObject:
        self.state = "playing"
        self.bus.publish(PlaybackStateChanged("playing", ""))
        return self.note("play")

    async def pause(self) -> JsonObject:
        return self.note("pause")

    async def toggle(self) -> JsonObject:
        return self.note("toggle")

    async def stop(self) -> JsonObject:
        return self.note("stop")

    async def next(self) -> JsonObject:
        return self.note("next")

    async def previous(self) -> JsonObject:
        raise NotFound("there is none", remedy="")

    async def seek(self, *, to_s: float | None, by_s: float | None, percent: float | None) -> JsonObject:
        return self.note("seek", to_s, by_s, percent)

    async def set_volume(self, *, db: float | None, by_db: float | None, percent: float | None) -> JsonObject:
        return self.note("volume", db, by_db, percent)


class Desk:
    """A host with a track in it."""

    def __init__(self) -> None:
        self.bus = EventBus()
        self.queue = Queue()
        self.queue.subscribe(lambda: self.bus.publish(QueueChanged(self.queue.version, 0)))
        self.music = Music(self.bus)
        self.track: JsonObject = {"entry": 7, "label": "/m/x.flac", "done_s": 10.0, "total_s": 60.0}

    def status(self) -> JsonObject:
        modes = self.queue.modes
        queue: JsonObject = {"length": 3, "repeat": modes.repeat.value, "shuffle": modes.shuffle}
        return {"playback": {"state": self.music.state, "volume_db": 0.0, "track": self.track, "queue": queue}}

    async def play_uri(self, uri: str) -> None:
        self.music.note("uri", uri)

    def stop(self) -> None:
        self.music.note("quit")


@dataclass
class Panel:
    """The desktop's end."""

    bus: MessageBus
    heard: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)

    async def call(self, interface: str, member: str, signature: str = "", *body: object) -> Message:
        message = Message(
            destination=BUS_NAME,
            path="/org/mpris/MediaPlayer2",
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
        )
        async with asyncio.timeout(LONG_S):
            reply = await self.bus.call(message)
        assert reply is not None
        return reply

    async def done(self, member: str, signature: str = "", *body: object) -> None:
        reply = await self.call(PLAYER, member, signature, *body)
        assert reply.message_type is MessageType.METHOD_RETURN, reply.body

    async def properties(self) -> dict[str, Any]:
        reply = await self.call("org.freedesktop.DBus.Properties", "GetAll", "s", PLAYER)
        return {name: value.value for name, value in reply.body[0].items()}

    async def set(self, name: str, signature: str, value: object) -> Message:
        return await self.call("org.freedesktop.DBus.Properties", "Set", "ssv", PLAYER, name, Variant(signature, value))

    async def signal(self, member: str, *, having: str = "") -> Message:
        """The next one of that name, and with that property in it."""
        async with asyncio.timeout(LONG_S):
            while True:
                message = await self.heard.get()
                if message.member == member and (not having or having in message.body[1]):
                    return message


@asynccontextmanager
async def panel(bus: SessionBus) -> AsyncIterator[Panel]:
    connected = await MessageBus(bus.address).connect()
    found = Panel(connected)

    def hear(message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.path == "/org/mpris/MediaPlayer2":
            found.heard.put_nowait(message)

    connected.add_message_handler(hear)
    await connected.call(
        Message(
            destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus",
            member="AddMatch",
            signature="s",
            body=["type='signal',path='/org/mpris/MediaPlayer2'"],
        )
    )
    try:
        yield found
    finally:
        connected.disconnect()


async def present(watcher: Panel) -> None:
    """Returns when the player is on the bus."""
    async with asyncio.timeout(LONG_S):
        while (await watcher.call("org.freedesktop.DBus.Peer", "Ping")).message_type is not MessageType.METHOD_RETURN:
            await asyncio.sleep(0.01)


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SessionBus:  # type: ignore[misc]
    with session_bus(tmp_path) as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        monkeypatch.setattr(presence_module, "_FIRST_PAUSE_S", 0.01)
        yield bus


def test_a_desktop_shows_and_steers_it(daemon: SessionBus) -> None:
    async def main() -> None:
        desk = Desk()
        presence = Presence(desk, pytest.fail)
        async with panel(daemon) as desktop:
            await present(desktop)
            shown = await desktop.properties()
            assert (shown["PlaybackStatus"], shown["LoopStatus"], shown["Shuffle"]) == ("Paused", "None", False)
            assert (shown["Position"], shown["Rate"], shown["Volume"]) == (10_000_000, 1.0, 1.0)
            assert shown["Metadata"]["mpris:length"].value == 60_000_000
            assert shown["CanGoNext"] and shown["CanSeek"] and shown["CanControl"]
            for member in ("Play", "Pause", "PlayPause", "Next", "Stop"):
                await desktop.done(member)
            changed = await desktop.signal("PropertiesChanged", having="PlaybackStatus")
            while changed.body[1]["PlaybackStatus"].value != "Playing":
                changed = await desktop.signal("PropertiesChanged", having="PlaybackStatus")
            await desktop.done("Seek", "x", -5_000_000)
            await desktop.done("Seek", "x", 51_000_000)  # beyond the end: the next one
            await desktop.done("SetPosition", "ox", "/org/stellatune/queue/7", 2_500_000)
            await desktop.done("SetPosition", "ox", "/org/stellatune/queue/8", 1)  # not the track that plays
            await desktop.done("SetPosition", "ox", "/org/stellatune/queue/7", 61_000_000)  # no such place
            await desktop.done("OpenUri", "s", "file:///m/y.flac")
            await desktop.set("Volume", "d", 0.5)
            await desktop.set("Rate", "d", 2.0)
            assert desk.music.asked == [
                ("play",), ("pause",), ("toggle",), ("next",), ("stop",), ("seek", None, -5.0, None), ("next",),
                ("seek", 2.5, None, None), ("uri", "file:///m/y.flac"), ("volume", None, None, 50.0),
            ]  # fmt: skip
            await desktop.set("LoopStatus", "s", "Track")
            assert desk.queue.modes.repeat is Repeat.ONE
            looped = await desktop.signal("PropertiesChanged", having="LoopStatus")
            while looped.body[1]["LoopStatus"].value != "Track":
                looped = await desktop.signal("PropertiesChanged", having="LoopStatus")
            desk.bus.publish(Seeked(1, 33.0, 0))
            assert (await desktop.signal("Seeked")).body == [33_000_000]
            refused = await desktop.call(PLAYER, "Previous")
            assert refused.message_type is MessageType.ERROR
            assert refused.error_name == "org.stellatune.Error.not_found"
            await desktop.call("org.mpris.MediaPlayer2", "Quit")
            assert desk.music.asked[-1] == ("quit",)
        await presence.close()
        await presence.close()

    asyncio.run(main())


def test_a_bus_that_hangs_or_ends_is_left_and_joined_again(daemon: SessionBus) -> None:
    async def main() -> None:
        told: list[str] = []
        lost = asyncio.Event()

        def tell(text: str) -> None:
            told.append(text)
            lost.set()

        desk = Desk()
        presence = Presence(desk, tell, patience_s=0.5)
        async with panel(daemon) as desktop:
            await present(desktop)
            assert daemon.process is not None
            daemon.process.send_signal(signal.SIGSTOP)
            desk.track = {**desk.track, "entry": 8}
            desk.bus.publish(PlaybackStateChanged("playing", ""))
            async with asyncio.timeout(LONG_S):
                await lost.wait()
            daemon.process.send_signal(signal.SIGCONT)
            await present(desktop)
        await asyncio.to_thread(daemon.end)
        Path(daemon.address.removeprefix("unix:path=")).unlink(missing_ok=True)
        await asyncio.to_thread(daemon.start)
        async with panel(daemon) as desktop:
            await present(desktop)
            shown: dict[str, Json] = await desktop.properties()
            assert shown["PlaybackStatus"] == "Paused"
        await presence.close()
        assert "TimeoutError" in told[0]

    asyncio.run(main())
