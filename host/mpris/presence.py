"""Being on the bus: connected while there is one, told of every change, and never waited for."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

from dbus_fast import Message, MessageType, NameFlag, RequestNameReply
from dbus_fast.aio import MessageBus

from host.events import PlaybackStateChanged, QueueChanged, Seeked, TrackHeard, TrackStarted, TrackTitled, VolumeChanged
from host.mpris.desk import MprisDesk
from host.mpris.interfaces import PlayerInterface, RootInterface, signalled

__all__ = ["BUS_NAME", "Presence"]

BUS_NAME = "org.mpris.MediaPlayer2.stellatune"
_PATH = "/org/mpris/MediaPlayer2"
#: For a bus that is asked anything; one that is slower counts as gone.
PATIENCE_S = 5.0
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0


class Presence:
    """Of one host, until it is closed. The loop's thread. ``tell``: what went wrong, once for each reason."""

    def __init__(self, desk: MprisDesk, tell: Callable[[str], None], patience_s: float = PATIENCE_S) -> None:
        self._desk = desk
        self._tell = tell
        self._patience_s = patience_s
        self._changed = asyncio.Event()
        self._told = ""
        self._facts = desk.bus.subscribe(
            PlaybackStateChanged, QueueChanged, Seeked, TrackHeard, TrackStarted, TrackTitled, VolumeChanged
        )
        loop = asyncio.get_running_loop()
        self._tasks = (loop.create_task(self._stay()), loop.create_task(self._listen()))
        self._player: PlayerInterface | None = None

    async def close(self) -> None:
        """Twice is fine."""
        self._facts.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _listen(self) -> None:
        async for fact in self._facts:
            if isinstance(fact, Seeked) and self._player is not None:
                self._player.Seeked(round(fact.to_s * 1e6))
            self._changed.set()

    async def _stay(self) -> None:
        """Joins the bus, and joins it again when it was lost, less and less often while there is none."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                await self._join()
                pause_s = _FIRST_PAUSE_S
            except Exception as error:  # noqa: BLE001  # a library's and a stranger's words: whatever it is, music goes on
                reason = f"the message bus: {type(error).__name__}: {error}"
                if reason != self._told:
                    self._told = reason
                    self._tell(reason)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _join(self) -> None:
        """Returns when the bus is gone. Raises: whatever comes from it."""
        bus = MessageBus()
        try:
            async with asyncio.timeout(self._patience_s):
                await bus.connect()
                player = PlayerInterface(self._desk)
                bus.export(_PATH, RootInterface(self._desk))
                bus.export(_PATH, player)
                got = await bus.request_name(BUS_NAME, NameFlag.DO_NOT_QUEUE)
                if got is not RequestNameReply.PRIMARY_OWNER:
                    await bus.request_name(f"{BUS_NAME}.instance{os.getpid()}", NameFlag.DO_NOT_QUEUE)
            self._player = player
            await self._tell_changes(bus, player)
        finally:
            self._player = None
            bus.disconnect()

    async def _tell_changes(self, bus: MessageBus, player: PlayerInterface) -> None:
        told: dict[str, object] = {}
        gone = asyncio.get_running_loop().create_task(_gone(bus))
        try:
            while True:
                now = signalled(player.look())
                changed = {name: value for name, value in now.items() if name not in told or told[name] != value}
                if changed:
                    player.emit_properties_changed(changed)
                    await self._expect_answer(bus)  # or what is sent would pile up behind a bus that hangs
                told = now
                changes = asyncio.get_running_loop().create_task(self._changed.wait())
                await asyncio.wait((changes, gone), return_when=asyncio.FIRST_COMPLETED)
                changes.cancel()
                if gone.done():
                    return
                self._changed.clear()
        finally:
            gone.cancel()
            with suppress(Exception, asyncio.CancelledError):
                await gone

    async def _expect_answer(self, bus: MessageBus) -> None:
        """Raises: TimeoutError: the bus hangs."""
        ping = Message(
            destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus.Peer",
            member="Ping",
        )
        async with asyncio.timeout(self._patience_s):
            reply = await bus.call(ping)
        if reply.message_type is MessageType.ERROR:
            raise ConnectionError(str(reply.body))


async def _gone(bus: MessageBus) -> None:
    """Returns when the bus is. Raises: whatever ended it."""
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # the library forgot
