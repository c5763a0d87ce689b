"""The end for programs with a loop: answers find their questions, streams run beside, and an end is told to all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from host.control.async_client import AsyncClient
from host.control.client import RemoteError
from host.errors import NotRunning, ProtocolViolated, RequestTimeout
from host.events import TrackEnded
from host.jsontext import JsonObject
from tests.unit.host.control.desk import STEP_S, Rig, serving


def against(place: Path, work: Callable[[AsyncClient, Rig, asyncio.Queue[JsonObject]], Awaitable[None]]) -> None:
    """Runs it in front of a real server, with the events that the client hears."""

    async def play() -> None:
        events: asyncio.Queue[JsonObject] = asyncio.Queue()
        async with asyncio.timeout(STEP_S), serving(place) as rig:
            client = await AsyncClient.connect(rig.path, events.put_nowait)
            try:
                await work(client, rig, events)
            finally:
                await client.close()
                await client.close()

    asyncio.run(play())


def test_answers_find_their_questions_and_streams_run_beside(tmp_path: Path) -> None:
    async def work(client: AsyncClient, rig: Rig, events: asyncio.Queue[JsonObject]) -> None:
        assert client.pid == os.getpid()
        for pattern in ("track.*", "*.ended"):
            await client.ask("events", {"filter": pattern}, STEP_S)
        lines, status, refused = await asyncio.gather(
            client.ask("plugins.logs", {"id": "a", "limit": 1000}, STEP_S),
            client.ask("status", {}, STEP_S),
            client.ask("plugins.enable", {"id": "x"}, STEP_S),
            return_exceptions=True,
        )
        assert lines == {"lines": ["a" * 1000] * 1000}
        assert status == {"host": {"pid": 1}}
        assert isinstance(refused, RemoteError) and refused.code == "not_found"
        rig.desk.bus.publish(TrackEnded(3, "a", 10, ""))
        heard = [await events.get(), await events.get()]
        assert [(each["event"], each["seq"]) for each in heard] == [("track.ended", 1)] * 2

    against(tmp_path, work)


def test_the_end_of_the_host_is_told_to_all_who_wait(tmp_path: Path) -> None:
    async def play() -> None:
        asked: asyncio.Queue[None] = asyncio.Queue()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for _ in range(2):
                await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
                asked.put_nowait(None)
            writer.close()

        path = tmp_path / "sock"
        async with await asyncio.start_unix_server(silent, path):
            client = await AsyncClient.connect(path, lambda _: None)
            with pytest.raises(RequestTimeout):
                await client.ask("status", {}, 0.01)
            waiting = asyncio.gather(
                client.ask("status", {}, STEP_S), client.ask("status", {}, STEP_S), return_exceptions=True
            )
            assert [type(each) for each in await waiting] == [NotRunning, NotRunning]
            await client.gone()
            with pytest.raises(NotRunning):
                await client.ask("status", {}, STEP_S)
            await client.close()

    asyncio.run(asyncio.wait_for(play(), STEP_S))


def test_nonsense_ends_it_and_nobody_there_is_told(tmp_path: Path) -> None:
    async def play() -> None:
        async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"\xff\xff\xff\xff")
            await writer.drain()
            await reader.read()
            writer.close()

        path = tmp_path / "sock"
        with pytest.raises(NotRunning):
            await AsyncClient.connect(path, lambda _: None)
        async with await asyncio.start_unix_server(babble, path):
            client = await AsyncClient.connect(path, lambda _: None)
            with pytest.raises((ProtocolViolated, NotRunning)):
                await client.ask("status", {}, STEP_S)
            await client.close()

    asyncio.run(asyncio.wait_for(play(), STEP_S))
