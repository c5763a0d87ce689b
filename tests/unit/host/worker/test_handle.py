"""Requests, replies, deadlines and ends, over a socket pair with a peer that speaks the wire."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from signal import SIGKILL, SIGSEGV

import pytest

from abi.wire import (
    CreateInstance,
    Event,
    Failed,
    FaultKind,
    Hello,
    HelloReply,
    InstanceCreated,
    Packet,
    Payload,
    Ping,
    PluginLog,
    Pong,
    encode,
)
from host.errors import (
    IncompatibleVersion,
    LoadFailed,
    Misuse,
    PluginRefused,
    ProtocolViolated,
    RequestTimeout,
    StellaError,
    WorkerLost,
)
from host.worker import ExitStatus, WorkerHandle
from tests.unit.host.worker.peer import SPEC, Answer, Peer, replying, silent

LONG_S = 30.0
SHORT_S = 0.02
SOON_S = 10.0


def pong(peer: Peer, packet: Packet) -> None:
    peer.reply(packet, Pong())


def run(
    body: Callable[[WorkerHandle, Peer], Awaitable[None]],
    answer: Answer = silent,
    events: list[Event] | None = None,
    mortal: bool = True,
) -> None:
    """Runs ``body`` with a fresh pair, then ends it and looks for descriptors left behind."""
    told: list[Event] = [] if events is None else events

    async def whole() -> None:
        peer = Peer(SPEC, answer, mortal)
        handle = peer.handle(SPEC, lambda _, event: told.append(event))
        await body(handle, peer)
        peer.process.end(ExitStatus(code=0))
        assert await handle.wait_exit(LONG_S) is not None
        assert handle.inflight == 0

    before = len(os.listdir("/proc/self/fd"))
    asyncio.run(whole())
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_request_gets_its_reply() -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        replies = [await handle.request(Ping(), LONG_S) for _ in range(5)]
        assert replies == [Pong()] * 5
        assert len(peer.received) == 5

    run(body, pong)


def test_replies_in_another_order_find_their_requests() -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        calls = [asyncio.ensure_future(handle.request(Ping(), LONG_S)) for _ in range(3)]
        packets = [await peer.next() for _ in range(3)]
        assert handle.inflight == 3
        order: list[int] = []

        def done(index: int, _: asyncio.Future[Pong]) -> None:
            order.append(index)

        for index, call in enumerate(calls):
            call.add_done_callback(partial(done, index))
        for packet in (packets[2], packets[0], packets[1]):
            peer.reply(packet, Pong())
        await asyncio.gather(*calls)
        assert order == [2, 0, 1]

    run(body)


def test_descriptors_and_long_payloads_travel_and_stay_the_callers() -> None:
    config = Payload(b"x" * 100_000)

    async def body(handle: WorkerHandle, peer: Peer) -> None:
        peer.answer = replying(InstanceCreated(0, 3, False))
        fd = os.open("/dev/null", os.O_RDONLY)
        message = CreateInstance(1, 2, "gain", config, 48000, 2, ("a",))
        await handle.request(message, LONG_S, (fd,))
        os.close(fd)
        assert peer.received == [message]
        assert peer.fds_seen == 2

    run(body)


@pytest.mark.parametrize(
    ("kind", "error", "kills"),
    [
        (FaultKind.PLUGIN, PluginRefused, False),
        (FaultKind.LOAD, LoadFailed, False),
        (FaultKind.INCOMPATIBLE, IncompatibleVersion, False),
        (FaultKind.MISUSE, Misuse, False),
        (FaultKind.CONTRACT, ProtocolViolated, True),
        (FaultKind.INTERNAL, ProtocolViolated, True),
        (99, ProtocolViolated, True),
    ],
)
def test_a_failed_reply_raises_what_its_kind_means(kind: int, error: type[StellaError], kills: bool) -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        peer.answer = replying(Failed(kind, 3, "open", "bad\x1b[2J file"))
        with pytest.raises(error) as caught:
            await handle.request(Ping(), LONG_S)
        assert "test.dsp.peer" in str(caught.value)
        assert "bad\\x1b[2J file" in str(caught.value)
        assert (peer.process.kills > 0) is kills
        if isinstance(caught.value, PluginRefused):
            assert (caught.value.status, caught.value.call) == (3, "open")

    run(body)


def test_a_deadline_kills_the_worker_and_the_others_are_lost() -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        other = asyncio.ensure_future(handle.request(Ping(), LONG_S))
        with pytest.raises(RequestTimeout, match=r"Hello took longer than 0\.02 s"):
            await handle.request(Hello(1, 6, "x", "play"), SHORT_S)
        assert peer.process.kills == 1
        with pytest.raises(WorkerLost, match=r"ended during Ping: Hello took longer than 0\.02 s \(SIGKILL\)"):
            await other
        assert handle.doomed == "Hello took longer than 0.02 s"

    run(body)


def test_a_reply_that_is_there_when_a_late_host_looks_is_in_time() -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        call = asyncio.ensure_future(handle.request(Ping(), LONG_S))
        peer.reply(await peer.next(), Pong())
        # The timer fires before the loop has looked at the socket.
        handle._expire(1)
        assert await call == Pong()
        assert peer.process.kills == 0

    run(body)


def test_a_late_reply_is_never_taken_for_anothers() -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        with pytest.raises(RequestTimeout):
            await handle.request(Ping(), SHORT_S)
        late = asyncio.ensure_future(handle.request(Ping(), LONG_S))
        peer.reply(await peer.next(), Pong())
        peer.process.end(ExitStatus(signal=SIGKILL))
        with pytest.raises(WorkerLost):
            await late
        assert len(peer.received) == 1, "a worker that is being killed is asked nothing more"

    run(body, mortal=False)


def test_everything_sent_before_death_counts_then_the_rest_is_lost_once() -> None:
    told: list[Event] = []

    async def body(handle: WorkerHandle, peer: Peer) -> None:
        exits: list[ExitStatus] = []
        handle.on_exit(exits.append)
        settled = [0]

        def settle() -> None:
            settled[0] += 1

        answered = asyncio.ensure_future(handle.request(Ping(), LONG_S, settled=settle))
        unanswered = asyncio.ensure_future(handle.request(Ping(), LONG_S, settled=settle))
        first = await peer.next()
        await peer.next()
        os.write(peer.output, b"assertion failed: \x1b[31mx\n")
        for number in range(100):
            peer.tell(PluginLog(0, 1, f"line {number}"))
        peer.reply(first, Pong())
        peer.process.end(ExitStatus(signal=SIGSEGV))
        assert await answered == Pong()
        with pytest.raises(WorkerLost, match=r"SIGSEGV; it said last: assertion failed: \\x1b\[31mx") as caught:
            await unanswered
        assert caught.value.details["exit"] == "SIGSEGV"
        assert exits == [ExitStatus(signal=SIGSEGV)]
        assert settled == [2]
        assert len(told) == 100
        with pytest.raises(WorkerLost):
            await handle.request(Ping(), LONG_S, settled=settle)
        assert settled == [3]

    run(body, events=told)


def test_a_cancelled_caller_leaves_the_call_in_flight_until_the_worker_answers() -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        settled: list[int] = []
        call = asyncio.ensure_future(handle.request(Ping(), LONG_S, settled=lambda: settled.append(1)))
        packet = await peer.next()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (handle.inflight, settled) == (1, [])
        second = asyncio.ensure_future(handle.request(Ping(), LONG_S))
        peer.reply(packet, Pong())
        peer.reply(await peer.next(), Pong())
        assert await second == Pong()
        assert (handle.inflight, settled) == (0, [1])

    run(body)


def test_a_message_too_large_is_the_callers_mistake() -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        settled: list[int] = []
        message = CreateInstance(1, 2, "x" * 70_000, Payload(b""), 0, 0, ())
        with pytest.raises(Misuse, match="70"):
            await handle.request(message, LONG_S, settled=lambda: settled.append(1))
        assert settled == [1]
        assert peer.received == []

    run(body)


def test_a_peer_that_does_not_read_costs_a_bounded_queue_then_its_life() -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        asyncio.get_running_loop().remove_reader(peer.control)
        fd = os.open("/dev/null", os.O_RDONLY)
        hello = Hello(1, 6, "x" * 4000, "play")
        calls = [asyncio.ensure_future(handle.request(hello, LONG_S, (fd,))) for _ in range(600)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        os.close(fd)
        assert all(isinstance(outcome, WorkerLost) for outcome in outcomes)
        assert handle.doomed == "256 packets wait for a peer that does not read"

    run(body)


def test_what_waits_is_sent_in_order_once_there_is_room() -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        peer.near_control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        ids: list[int] = []

        def answer(peer: Peer, packet: Packet) -> None:
            ids.append(packet.request_id)
            peer.reply(packet, HelloReply(1, 6, 1, ()))

        peer.answer = answer
        fd = os.open("/dev/null", os.O_RDONLY)
        hello = Hello(1, 6, "x" * 4000, "play")
        await asyncio.gather(*(handle.request(hello, LONG_S, (fd,)) for _ in range(60)))
        os.close(fd)
        assert ids == list(range(1, 61))
        assert peer.fds_seen == 60

    run(body)


HOSTILE: dict[str, bytes] = {
    "garbage": b"\xc1\xff\xff",
    "cut short": encode(Pong(), 1, 7)[0][:-1],
    "a map": b"\x94\x03\x01\x07\x81\x01\x02",
    "deep": b"\x91" * 40 + b"\x01",
    "many items": b"\xdd\x00\x10\x00\x00" + b"\x01" * 1000,
    "too long a list": b"\xdd\xff\xff\xff\xff",
    "unknown tag": b"\x94\xcd\x27\x10\x01\x07\x90",
    "wrong fields": b"\x94\x03\x01\x07\x91\x01",
    "a request": encode(Ping(), 1, 7)[0],
    "another request's reply": encode(InstanceCreated(0, 0, False), 1, 7)[0],
    "a reply to nothing": encode(Pong(), 99, 7)[0],
    "an older generation": encode(Pong(), 1, 6)[0],
    "too long": b"\xc6\x00\x01\xff\xf0" + bytes(70_000),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_packet_that_cannot_be_kills_the_worker(data: bytes) -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        call = asyncio.ensure_future(handle.request(Ping(), LONG_S))
        await peer.next()
        peer.send_raw(peer.control, data)
        with pytest.raises(ProtocolViolated, match="sent a packet that cannot be"):
            await call
        assert peer.process.kills > 0

    run(body)


def test_a_reply_that_nobody_waits_for_ends_the_worker() -> None:
    """It may be the late one of a call that was given up: it must never meet a later call."""

    async def body(handle: WorkerHandle, peer: Peer) -> None:
        peer.send(Pong(), 1)
        assert await handle.wait_exit(SOON_S) == ExitStatus(signal=SIGKILL)
        assert "for request 1, which is not under way" in handle.doomed

    run(body)


@pytest.mark.parametrize("count", [1, 20])
def test_descriptors_nobody_asked_for_are_closed_and_kill_the_worker(count: int) -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        call = asyncio.ensure_future(handle.request(Ping(), LONG_S))
        packet = await peer.next()
        fd = os.open("/dev/null", os.O_RDONLY)
        peer.send_raw(peer.control, encode(Pong(), packet.request_id, 7)[0], [fd] * count)
        os.close(fd)
        with pytest.raises(ProtocolViolated):
            await call
        assert peer.process.kills > 0

    run(body)


@pytest.mark.parametrize("message", [Pong(), Ping()])
def test_only_events_come_on_the_event_channel(message: Pong | Ping) -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        peer.tell(message)
        assert await handle.wait_exit(LONG_S) == ExitStatus(signal=SIGKILL)
        assert "event channel" in handle.doomed

    run(body)


@pytest.mark.parametrize("dead", [False, True], ids=["doomed", "dead"])
def test_a_long_payload_for_one_that_is_gone_leaves_no_descriptor(dead: bool) -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        handle.terminate("enough")
        if dead:
            assert await handle.wait_exit(LONG_S) is not None
        before = len(os.listdir("/proc/self/fd"))
        message = CreateInstance(1, 1, "x", Payload(b"x" * 100_000), 0, 0, ())
        asking = asyncio.ensure_future(handle.request(message, LONG_S))
        await asyncio.sleep(0)
        assert len(os.listdir("/proc/self/fd")) <= before
        if not dead:
            peer.process.end(ExitStatus(signal=SIGKILL))
        with pytest.raises(WorkerLost):
            await asking

    run(body, mortal=dead)


def test_a_closed_channel_of_a_living_worker_is_fatal_to_it() -> None:
    async def body(handle: WorkerHandle, peer: Peer) -> None:
        asyncio.get_running_loop().remove_reader(peer.control)
        peer.control.shutdown(socket.SHUT_RDWR)
        with pytest.raises(WorkerLost, match="it closed its control channel and did not end"):
            await handle.request(Ping(), SOON_S)

    run(body)


def test_a_flood_of_events_delays_no_reply() -> None:
    told: list[Event] = []

    async def body(handle: WorkerHandle, peer: Peer) -> None:
        sent = 0
        for _ in range(20):
            try:
                while True:
                    peer.tell(PluginLog(0, 1, "x" * 100))
                    sent += 1
            except BlockingIOError:
                pass
            before = len(told)
            handle._read_events()  # one turn of the loop
            assert len(told) - before == 64
            before = len(told)
            assert await handle.request(Ping(), LONG_S) == Pong()
            assert len(told) - before <= 64 * 8
        assert sent > 200

    run(body, pong, events=told)
