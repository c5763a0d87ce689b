"""Starting real processes that misbehave from the first moment: one clear line each, and nothing left."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL

import pytest

from abi.wire import EXIT_HOST_LOST, Event, Ping
from host.errors import IncompatibleVersion, LoadFailed, WorkerLost
from host.ids import Generation, PluginId, Role
from host.settings import Limits
from host.worker import ExitStatus, WorkerHandle, WorkerSpec, Zygote, spawn
from host.worker.process import WorkerProcess
from tests.support.cold_start import ColdStart

SPEC = WorkerSpec(PluginId("test.dsp.start"), Role.PLAY, Generation(3))
LIMITS = replace(Limits(), handshake_ms=5000)

PRELUDE = """
import os, socket, sys, time
sys.path.insert(0, {root!r})
from abi.wire import WIRE_VERSION, HelloReply, Pong, decode, encode
control = socket.socket(fileno=int(sys.argv[2]))
def receive():
    data, fds, _, _ = socket.recv_fds(control, 65536, 16)
    return decode(data, tuple(fds))
def reply(packet, message):
    control.send(encode(message, packet.request_id, packet.generation)[0])
"""

GREET = """
from shm_audio import struct_sizes
reply(receive(), HelloReply(WIRE_VERSION, 6, os.getpid(), struct_sizes()))
"""


def program(root: Path, text: str) -> ColdStart:
    return ColdStart(sys.executable, "-c", PRELUDE.format(root=str(root)) + text)


def ignore(_handle: WorkerHandle, _event: Event) -> None:
    """Nobody listens."""


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("print('no \\x1b[2J licence'); sys.exit(3)", LoadFailed, r"exit status 3; it said last: no \\x1b\[2J licence"),
        ("raise SystemExit('broken')", LoadFailed, "exit status 1; it said last: broken"),
        ("os.abort()", LoadFailed, "SIGABRT"),
        ("time.sleep(60)", LoadFailed, r"Hello took longer than 0\.3 s \(SIGKILL\)"),
        ("control.send(b'hello'); time.sleep(60)", LoadFailed, "sent a packet that cannot be"),
        ("reply(receive(), Pong()); time.sleep(60)", LoadFailed, "SIGKILL"),
        ("reply(receive(), HelloReply(99, 6, 1, ())); time.sleep(60)", IncompatibleVersion, "wire 99"),
        ("reply(receive(), HelloReply(WIRE_VERSION, 5, 1, ())); time.sleep(60)", IncompatibleVersion, "api 5"),
        (
            "reply(receive(), HelloReply(WIRE_VERSION, 6, 1, ())); time.sleep(60)",
            IncompatibleVersion,
            "other shared structs",
        ),
    ],
)
def test_a_start_that_fails_says_why_in_one_line(
    root: Path, text: str, error: type[LoadFailed | IncompatibleVersion], says: str
) -> None:
    limits = replace(LIMITS, handshake_ms=300) if text.startswith("time") else LIMITS
    fds, kids = len(os.listdir("/proc/self/fd")), children()
    with pytest.raises(error, match=says) as caught:
        asyncio.run(spawn(SPEC, ignore, limits, program(root, text)))
    assert "\n" not in str(caught.value)
    assert "test.dsp.start" in str(caught.value)
    assert (len(os.listdir("/proc/self/fd")), children()) == (fds, kids)


def test_a_program_that_is_not_there(root: Path) -> None:
    fds = len(os.listdir("/proc/self/fd"))
    with pytest.raises(LoadFailed, match="cannot start a worker for"):
        asyncio.run(spawn(SPEC, ignore, LIMITS, ColdStart(str(root / "no-such-program"))))
    assert len(os.listdir("/proc/self/fd")) == fds


def test_a_worker_has_only_what_it_is_given() -> None:
    async def body() -> None:
        extra = os.open("/dev/null", os.O_RDONLY)
        os.set_inheritable(extra, True)
        zygote = Zygote()
        first = await spawn(SPEC, ignore, LIMITS, zygote.start)
        second = await spawn(SPEC, ignore, LIMITS, zygote.start)
        for handle in (first, second):
            here = Path(f"/proc/{handle.pid}")
            held = sorted(str(link.readlink()) for link in (here / "fd").iterdir())
            kinds = [name.split(":")[0] for name in held]
            assert kinds == ["/dev/null", "anon_inode", "pipe", "pipe", "socket", "socket"]
            status = (here / "stat").read_text().rpartition(")")[2].split()
            assert status[1] == str(os.getpid())  # its parent
            assert status[3] == str(handle.pid)  # its session
            handle.terminate()
            assert await handle.wait_exit(10) == ExitStatus(signal=SIGKILL)
        zygote.close()
        os.close(extra)

    asyncio.run(body())


def test_a_worker_that_believes_its_host_gone_is_started_once_more(root: Path) -> None:
    starts: list[int] = []

    async def start(channels: Sequence[int], output_fd: int, /) -> WorkerProcess:
        starts.append(output_fd)
        text = f"sys.exit({EXIT_HOST_LOST})" if len(starts) < 2 else GREET + "receive()"
        return await program(root, text)(channels, output_fd)

    async def body() -> None:
        handle = await spawn(SPEC, ignore, LIMITS, start)
        handle.terminate()
        assert await handle.wait_exit(10) == ExitStatus(signal=SIGKILL)
        with pytest.raises(LoadFailed, match=f"exit status {EXIT_HOST_LOST}"):
            await spawn(SPEC, ignore, LIMITS, program(root, f"sys.exit({EXIT_HOST_LOST})"))

    asyncio.run(body())
    assert len(starts) == 2


def test_a_lost_zygote_harms_no_worker_and_is_replaced() -> None:
    async def body() -> None:
        zygote = Zygote()
        first = await spawn(SPEC, ignore, LIMITS, zygote.start)
        (parent,) = children() - {str(first.pid)}
        os.kill(int(parent), SIGKILL)
        with suppress(LoadFailed):  # the request may still reach the dying one
            early = await spawn(SPEC, ignore, LIMITS, zygote.start)
            early.terminate()
            await early.wait_exit(10)
        second = await spawn(SPEC, ignore, LIMITS, zygote.start)
        for handle in (first, second):
            await handle.request(Ping(), 10)
            handle.terminate()
            assert await handle.wait_exit(10) == ExitStatus(signal=SIGKILL)
        zygote.close()

    asyncio.run(body())


def test_what_a_worker_forked_dies_with_it(root: Path) -> None:
    text = GREET + (
        "if os.fork() == 0:\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(600)\n"
        "receive()\n"
        "os.kill(os.getpid(), 11)\n"
    )

    async def body() -> None:
        handle = await spawn(SPEC, ignore, LIMITS, program(root, text))
        while not handle.log_tail:
            await asyncio.wait((handle.exited,), timeout=0.005)
        grandchild = int(handle.log_tail[0])
        with pytest.raises(WorkerLost, match="SIGSEGV"):
            await handle.request(Ping(), 10)
        fd = _pidfd(grandchild)
        if fd is not None:
            ended = asyncio.Event()
            asyncio.get_running_loop().add_reader(fd, ended.set)
            await asyncio.wait_for(ended.wait(), 10)
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)

    asyncio.run(body())


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def test_a_cancelled_start_leaves_no_process(root: Path) -> None:
    async def body() -> None:
        starting = asyncio.ensure_future(spawn(SPEC, ignore, LIMITS, program(root, "time.sleep(60)")))
        await asyncio.wait((starting,), timeout=0.01)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    fds, kids = len(os.listdir("/proc/self/fd")), children()
    asyncio.run(body())
    assert (len(os.listdir("/proc/self/fd")), children()) == (fds, kids)


def test_a_flood_on_stderr_neither_blocks_the_host_nor_fills_it(root: Path) -> None:
    text = GREET + (
        "import threading\n"
        "threading.Thread(target=lambda: [os.write(2, b'x' * 4096) for _ in iter(int, 1)], daemon=True).start()\n"
        "while True:\n    reply(receive(), Pong())\n"
    )

    async def body() -> None:
        handle = await spawn(SPEC, ignore, LIMITS, program(root, text))
        for _ in range(200):
            await handle.request(Ping(), 5)
        handle.terminate()
        assert await handle.wait_exit(10) == ExitStatus(signal=SIGKILL)
        assert 0 < sum(map(len, handle.log_tail)) <= 65 << 10

    asyncio.run(body())
