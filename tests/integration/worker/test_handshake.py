"""The first and the last words between host and worker, and what becomes of one that hears nonsense."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from abi.kinds import API_VERSION
from abi.wire import (
    WIRE_VERSION,
    DestroyInstance,
    Done,
    FaultKind,
    Hello,
    Ping,
    Pong,
    Shutdown,
    ShutdownDone,
    encode,
)
from plugin_worker.layout import struct_sizes
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

HELLO = Hello(WIRE_VERSION, API_VERSION, "test.worker", "play")


@pytest.fixture
def stranger() -> Iterator[WorkerPeer]:
    """A worker that was not greeted yet."""
    with WorkerPeer(greet=False) as peer:
        yield peer


def test_the_worker_introduces_itself(worker: WorkerPeer) -> None:
    assert (worker.hello.wire_version, worker.hello.api_version) == (WIRE_VERSION, API_VERSION)
    assert worker.hello.pid == worker.process.pid
    assert worker.hello.struct_sizes == struct_sizes()


def test_every_message_is_a_heartbeat(worker: WorkerPeer) -> None:
    before = worker.page.heartbeat
    for _ in range(5):
        assert worker.ask(Ping()) == Pong()
    assert worker.page.heartbeat == before + 5


def test_nothing_before_hello(stranger: WorkerPeer) -> None:
    assert "Hello first" in stranger.refused(DestroyInstance(1), FaultKind.MISUSE).text
    stranger.ask(HELLO, [stranger.page.fd, stranger.page.bell_fd])


def test_hello_comes_once_and_with_the_status_page(stranger: WorkerPeer) -> None:
    stranger.refused(HELLO, FaultKind.MISUSE)
    stranger.refused(HELLO, FaultKind.INTERNAL, [0, 0])
    stranger.ask(HELLO, [stranger.page.fd, stranger.page.bell_fd])
    stranger.refused(HELLO, FaultKind.MISUSE, [stranger.page.fd, stranger.page.bell_fd])


@pytest.mark.parametrize(("wire", "api"), [(WIRE_VERSION + 1, API_VERSION), (WIRE_VERSION, API_VERSION - 1)])
def test_another_version_is_refused(stranger: WorkerPeer, wire: int, api: int) -> None:
    page = (stranger.page.fd, stranger.page.bell_fd)
    text = stranger.refused(Hello(wire, api, "x", "play"), FaultKind.INCOMPATIBLE, page).text
    assert f"wire {wire} api {api}" in text


def test_shutdown_ends_the_process_in_order(worker: WorkerPeer) -> None:
    assert worker.ask(Shutdown()) == ShutdownDone()
    assert worker.ended() == 0
    assert worker.output == ""


def test_a_reply_is_no_request(worker: WorkerPeer) -> None:
    worker.refused(Done(), FaultKind.MISUSE)


NONSENSE = {"text": b"garbage", "tail": encode(Ping(), 1, 1)[0] + b"\0", "zeros": bytes(1 << 16)}


@pytest.mark.parametrize("packet", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_ends_the_worker_by_its_own_code(worker: WorkerPeer, packet: bytes) -> None:
    worker.send_raw(packet)
    assert worker.ended() == 66
    assert worker.output.startswith("plugin_worker: ")


def test_a_worker_does_not_outlive_its_host(worker: WorkerPeer) -> None:
    worker._control.close()
    assert worker.ended() == 68


def test_descriptors_of_refused_requests_are_closed(worker: WorkerPeer) -> None:
    near, far = os.pipe()
    name = os.readlink(f"/proc/self/fd/{far}")  # noqa: PTH115  no path
    for request in (HELLO, DestroyInstance(1), Ping()):
        worker.ask_any(request, [far])
    os.close(far)
    os.close(near)
    assert until(lambda: name not in worker.open_files, 5)
