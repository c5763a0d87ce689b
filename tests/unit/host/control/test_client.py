"""The commands' end: results, errors with the host's exit code, streams, and hosts that are not there or go away."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from host.control.client import ControlClient, RemoteError
from host.control.lock import HostLock
from host.errors import NotRunning, ProtocolViolated, RequestTimeout
from host.events import TrackEnded
from tests.unit.host.control.desk import STEP_S, Rig, serving


def against(place: Path, work: Callable[[ControlClient, Rig, asyncio.AbstractEventLoop], None]) -> None:
    """Runs blocking work in a thread, in front of a real server."""

    async def play() -> None:
        async with serving(place) as rig:
            loop = asyncio.get_running_loop()

            def blocking() -> None:
                with ControlClient.connect(rig.path) as client:
                    work(client, rig, loop)

            async with asyncio.timeout(STEP_S):
                await asyncio.to_thread(blocking)

    asyncio.run(play())


def test_results_and_errors(tmp_path: Path) -> None:
    def work(client: ControlClient, _rig: Rig, _loop: asyncio.AbstractEventLoop) -> None:
        assert client.pid == os.getpid()
        assert client.ask("status", {}, STEP_S) == {"host": {"pid": 1}}
        with pytest.raises(RemoteError) as refused:
            client.ask("plugins.enable", {"id": "x"}, STEP_S)
        assert (refused.value.exit_code, refused.value.code) == (4, "not_found")
        assert str(refused.value) == "no plugin 'x' (look)"
        assert client.ask("plugins.logs", {"id": "a", "limit": 1000}, STEP_S) == {"lines": ["a" * 1000] * 1000}

    against(tmp_path, work)


def test_a_stream_ends_with_its_host(tmp_path: Path) -> None:
    def work(client: ControlClient, rig: Rig, loop: asyncio.AbstractEventLoop) -> None:
        client.ask("events", {"filter": "track.*"}, STEP_S)
        loop.call_soon_threadsafe(rig.desk.bus.publish, TrackEnded(3, "a", 10, ""))
        events = client.events()
        first = next(events)
        assert (first["event"], first["seq"]) == ("track.ended", 1)
        asyncio.run_coroutine_threadsafe(rig.server.close(), loop).result(STEP_S)
        assert list(events) == []

    against(tmp_path, work)


def test_who_is_sent_away_hears_why_that_may_be() -> None:
    mine, theirs = socket.socketpair()
    theirs.close()
    with ControlClient(mine, os.getpid()) as client, pytest.raises(NotRunning, match=r"went away.*as many clients"):
        client.ask("status", {}, STEP_S)


def test_no_answer_in_time(tmp_path: Path) -> None:
    def work(client: ControlClient, rig: Rig, loop: asyncio.AbstractEventLoop) -> None:
        with pytest.raises(RequestTimeout):
            client.ask("plugins.restart", {"id": "a"}, 0.05)
        loop.call_soon_threadsafe(rig.desk.plugins.gate.set)
        assert client.ask("status", {}, STEP_S) == {"host": {"pid": 1}}

    against(tmp_path, work)


def test_nobody_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.sock", tmp_path / "no" / "folder.sock"):
        with pytest.raises(NotRunning, match="no host is running"):
            ControlClient.connect(path)
    with HostLock(tmp_path / "s", tmp_path / "r" / "c.sock") as lock:
        lock.listen(1).close()
        with pytest.raises(NotRunning):
            ControlClient.connect(lock.path)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (b"", NotRunning),
        (b"\x00\x00", NotRunning),
        (b"\x00\x00\x00\x02\xff\xff", ProtocolViolated),
        (b"\x7f\xff\xff\xff", ProtocolViolated),
    ],
)
def test_a_host_that_talks_nonsense(tmp_path: Path, words: bytes, error: type[Exception]) -> None:
    with HostLock(tmp_path / "s", tmp_path / "r" / "c.sock") as lock, lock.listen(1) as listener:

        def speak() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(words)
                peer.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=speak)
        thread.start()
        with ControlClient.connect(lock.path) as client, pytest.raises(error):
            client.ask("status", {}, STEP_S)
        thread.join()
