"""The control socket against clients of all kinds: polite, slow, silent, greedy, hostile, and somebody else's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import msgpack
import pytest

from host.control.connection import Patience
from host.control.server import MAX_CLIENTS
from host.events import PlaybackEnded, TrackEnded
from host.ids import Role
from tests.unit.host.control.desk import STEP_S, Rig, serving

TRACK_EVENTS = ["track.started", "track.ended", "track.heard", "track.title", "track.seeked"]

SHORT = Patience(request_s=0.05, idle_s=0.05, answer_s=0.05)


def run(
    place: Path,
    scene: Callable[[Rig], Awaitable[None]],
    patience: Patience | None = None,
    uid: int | None = None,
) -> None:
    """Plays one scene in front of a server."""

    async def play() -> None:
        async with serving(place, patience, *(() if uid is None else (lambda _: (1, uid),))) as rig:
            async with asyncio.timeout(STEP_S * 2):
                await scene(rig)

    asyncio.run(play())


def code_of(answer: dict[str, object]) -> object:
    error = answer["error"]
    assert isinstance(error, dict)
    assert set(error) == {"code", "message", "hint", "details"}
    return error["code"]


def test_json_lines(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.ask(5, "status")
        assert await client.answer() == {"id": 5, "result": {"host": {"pid": 1}}}
        client.ask(6, "plugins.enable", id="nosuch")
        told = await client.answer()
        assert (told["id"], told["exit"], code_of(told)) == (6, 4, "not_found")
        client.ask(7, "plugins.disable", id="a")
        told = await client.answer()
        assert (told["id"], told["exit"], code_of(told)) == (7, 1, "unexpected")
        client.ask(8, "plugins.list")
        assert (await client.answer())["result"] == {"plugins": [{"id": "a"}]}

    run(tmp_path, scene)


def test_packed(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        body = msgpack.packb({"id": 9, "verb": "status"})
        client.send(len(body).to_bytes(4, "big") + body)
        async with asyncio.timeout(STEP_S):
            length = int.from_bytes(await client.reader.readexactly(4), "big")
            answer = msgpack.unpackb(await client.reader.readexactly(length))
        assert answer == {"id": 9, "result": {"host": {"pid": 1}}}

    run(tmp_path, scene)


def test_the_socket_and_its_folder_are_private(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        assert rig.path.stat().st_mode & 0o777 == 0o600
        assert rig.path.parent.stat().st_mode & 0o777 == 0o700

    run(tmp_path, scene)
    assert not (tmp_path / "run" / "c.sock").exists()


def test_another_user_is_sent_away_unheard(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.ask(1, "quit")
        assert await client.gone()
        assert (rig.server.refused, rig.desk.stopped) == (1, 0)

    run(tmp_path, scene, uid=os.geteuid() + 1)


def test_the_kernel_tells_who_it_is(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.ask(1, "status")
        assert "result" in await client.answer()
        assert rig.server.refused == 0

    run(tmp_path, scene)


@pytest.mark.parametrize(
    "garbage", [b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n", b"{" + b"x" * (70 << 10), b"\x00\x01\x00\x01"]
)
def test_a_stream_that_cannot_be_followed_ends_with_one_error(tmp_path: Path, garbage: bytes) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.send(garbage)
        async with asyncio.timeout(STEP_S):
            told = await client.reader.read()
        assert b"protocol" in told
        await still_serves(rig)

    run(tmp_path, scene)


async def still_serves(rig: Rig) -> None:
    client = await rig.client()
    client.ask(1, "status")
    assert "result" in await client.answer()


def test_garbage_of_all_kinds_leaves_the_server_serving(tmp_path: Path) -> None:
    random = Random(20261122)

    async def scene(rig: Rig) -> None:
        for number in range(200):
            while rig.server.clients == MAX_CLIENTS:
                await asyncio.sleep(0)
            client = await rig.client()
            head = random.choice((b"", b"{", b"{}\n", b"\x00\x00\x00\x08", b"\x00\x00\xff\xff"))
            client.send(head + random.randbytes(random.randrange(200)) + random.choice((b"", b"\n")))
            if number % 2:
                client.writer.write_eof()
                async with asyncio.timeout(STEP_S):
                    await client.reader.read()
            await client.close()
        await still_serves(rig)
        assert (rig.server.refused, rig.desk.stopped) == (0, 0)

    run(tmp_path, scene)


def test_one_bad_request_does_not_end_the_connection(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.send(b'{"id": 3, "verb": []}\n\n{nonsense}\n')
        told = await client.answer()
        assert (told["id"], code_of(told)) == (3, "protocol")
        told = await client.answer()
        assert (told["id"], code_of(told)) == (None, "protocol")
        client.ask(4, "status", what="more")
        assert code_of(await client.answer()) == "usage"
        client.ask(5, "no.verb")
        assert code_of(await client.answer()) == "no_verb"
        client.ask(6, "status")
        assert "result" in await client.answer()

    run(tmp_path, scene)


@pytest.mark.parametrize("start", [b"", b"{", b'{"id": 1, "verb"', b"\x00", b"\x00\x00\x00\x10ab"])
def test_a_client_that_never_completes_a_request_is_sent_away(tmp_path: Path, start: bytes) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.send(start)
        assert await client.gone()
        await still_serves(rig)

    run(tmp_path, scene, SHORT)


def test_a_client_that_has_nothing_more_to_ask_is_sent_away_but_not_one_that_waits(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        done, waits, hears = [await rig.client() for _ in range(3)]
        waits.ask(1, "plugins.restart", id="a")
        hears.ask(1, "events")
        await hears.answer()
        done.ask(1, "status")
        await done.answer()
        assert await done.gone()
        rig.desk.plugins.gate.set()
        assert (await waits.answer())["result"] == {"plugin": "a"}
        assert await waits.gone()
        rig.desk.bus.publish(PlaybackEnded(0, 1, 0))
        assert (await hears.answer())["event"] == "playback.ended"

    run(tmp_path, scene, SHORT)


def test_a_request_that_drips_in_has_one_deadline(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()

        async def drip() -> int:
            count = 0
            while not client.reader.at_eof():
                client.send(b"{" if count == 0 else b" ")
                count += 1
                await asyncio.sleep(0.005)
            return count

        async with asyncio.timeout(STEP_S):
            dripping = asyncio.create_task(drip())
            assert await client.gone()
            assert await dripping > 2

    run(tmp_path, scene, Patience(request_s=0.1, idle_s=30, answer_s=1))


def test_a_client_too_many_is_sent_away(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        held = [await rig.client() for _ in range(MAX_CLIENTS)]
        for client in held:
            client.ask(1, "status")
            await client.answer()
        late = await rig.client()
        assert await late.gone()
        assert rig.server.refused == 1
        await held[0].close()
        while rig.server.clients == MAX_CLIENTS:
            await asyncio.sleep(0)
        await still_serves(rig)

    run(tmp_path, scene)


def test_a_command_goes_on_when_its_client_leaves(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.ask(1, "plugins.restart", id="a")
        while not rig.desk.plugins.asked:
            await asyncio.sleep(0)
        await client.close()
        await still_serves(rig)
        rig.desk.plugins.gate.set()
        while len(rig.desk.plugins.asked) < 2:
            await asyncio.sleep(0)
        assert rig.desk.plugins.asked == [("restart", "a", Role.PLAY), ("done", "a")]

    run(tmp_path, scene)


def test_a_long_command_delays_no_other(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.ask(1, "plugins.reload", id="a", role="scan")
        client.ask(2, "status")
        assert (await client.answer())["id"] == 2
        rig.desk.plugins.gate.set()
        assert await client.answer() == {"id": 1, "result": {"plugin": "a"}}
        assert rig.desk.plugins.asked[0] == ("reload", "a", Role.SCAN)

    run(tmp_path, scene)


def test_arguments_are_checked(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        wrong: list[tuple[str, dict[str, object]]] = [
            ("plugins.unload", {}),
            ("plugins.unload", {"id": 5}),
            ("plugins.unload", {"id": "a", "force": "yes"}),
            ("plugins.unload", {"id": "a", "role": "king"}),
            ("plugins.crashes", {"limit": 0}),
            ("plugins.crashes", {"limit": True}),
            ("plugins.restart", {"id": "x" * 5000}),
        ]
        for number, (verb, arguments) in enumerate(wrong):
            client.ask(number, verb, **arguments)  # type: ignore[arg-type]
            assert code_of(await client.answer()) == "usage"
        assert rig.desk.plugins.asked == []
        client.ask(50, "plugins.unload", id="a", force=True)
        client.ask(51, "plugins.crashes", limit=3)
        client.ask(52, "plugins.reset", id="a")
        for _ in range(3):
            assert "result" in await client.answer()
        asked = [("unload", "a", Role.PLAY, True), ("crashes", None, 3), ("reset", "a", None)]
        assert rig.desk.plugins.asked == asked

    run(tmp_path, scene)


def test_quit_is_answered_before_it_is_done(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.ask(1, "quit")
        assert (await client.answer())["result"] == {"ending": True}
        while not rig.desk.stopped:
            await asyncio.sleep(0)
        assert rig.desk.stopped == 1

    run(tmp_path, scene)


def test_events_are_numbered_and_filtered(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.ask(1, "events", filter="track.*")
        assert (await client.answer())["result"] == {
            "events": ["track.started", "track.ended", "track.heard", "track.title", "track.seeked"]
        }
        rig.desk.bus.publish(PlaybackEnded(0, 1, 0))
        for index in range(3):
            rig.desk.bus.publish(TrackEnded(index, "a", 10, ""))
        for index in range(3):
            told = await client.answer()
            assert (told["id"], told["seq"], told["event"], told["dropped"]) == (1, index + 1, "track.ended", 0)
            assert told["data"] == {"index": index, "label": "a", "frames": 10, "error": ""}
        client.ask(2, "events", filter="nothing.*")
        assert code_of(await client.answer()) == "not_found"
        client.ask(3, "status")
        assert (await client.answer())["id"] == 3

    run(tmp_path, scene)


async def fill(rig: Rig) -> int:
    """Publishes far more than a socket and a queue hold; says how much."""
    count = 0
    while count < 5000:
        rig.desk.bus.publish(TrackEnded(count, "x" * 1000, 1, ""))
        count += 1
        if count % 100 == 0:
            await asyncio.sleep(0)
    return count


def test_a_subscriber_that_does_not_read_loses_the_oldest_and_is_told(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.ask(1, "events", filter="track.ended")
        await client.answer()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        published = await fill(rig)
        await still_serves(rig)
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        last: dict[str, object] = {}
        read = 0
        while last.get("seq") != published:
            last = await client.answer()
            read += 1
        dropped = last["dropped"]
        assert isinstance(dropped, int)
        assert dropped > 0
        assert read + dropped == published

    run(tmp_path, scene)


def test_a_subscriber_that_left_is_forgotten(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.ask(1, "events")
        await client.answer()
        await client.close()
        while rig.server.clients:
            await asyncio.sleep(0)
        await fill(rig)

    run(tmp_path, scene)


def test_who_reads_no_answers_is_sent_away(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        client = await rig.client()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for number in range(40):
            client.ask(number, "plugins.logs", id="a", limit=1000)
        while rig.server.clients:
            await asyncio.sleep(0.001)
        await still_serves(rig)

    run(tmp_path, scene, Patience(request_s=5, idle_s=5, answer_s=0.1))


def test_closing_ends_streams_and_answers_what_is_done(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        stream, waiting = await rig.client(), await rig.client()
        stream.ask(1, "events")
        await stream.answer()
        waiting.ask(1, "plugins.restart", id="a")
        while not rig.desk.plugins.asked:
            await asyncio.sleep(0)
        closing = asyncio.create_task(rig.server.close())
        assert await stream.gone()
        rig.desk.plugins.gate.set()
        assert (await waiting.answer())["result"] == {"plugin": "a"}
        await closing
        await rig.server.close()

    run(tmp_path, scene)
