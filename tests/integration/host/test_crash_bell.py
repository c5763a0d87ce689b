"""The crash record and its bell, from programs that use them as no honest worker would: a hint, never more."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from signal import SIGKILL

from abi.wire import Event, Ping, Pong
from host.ids import Generation, PluginId, Role
from host.settings import Limits
from host.supervise import Cause, examine
from host.worker import ExitStatus, KillKind, WorkerHandle, WorkerSpec, spawn
from tests.support.cold_start import ColdStart

SPEC = WorkerSpec(PluginId("test.dsp.bell"), Role.PLAY, Generation(3))
LONG_S = 30.0

PRELUDE = """
import mmap, os, socket, struct, sys, time
sys.path.insert(0, {root!r})
from abi.wire import WIRE_VERSION, HelloReply, Pong, decode, encode
from shm_audio import struct_sizes
control = socket.socket(fileno=int(sys.argv[2]))
def receive():
    data, fds, _, _ = socket.recv_fds(control, 65536, 16)
    return decode(data, tuple(fds))
def reply(packet, message):
    control.send(encode(message, packet.request_id, packet.generation)[0])
hello = receive()
page, bell = mmap.mmap(hello.fds[0], 0), hello.fds[1]
def record(signal, slot=-1, frames=0, stage=1):
    page[132:168] = struct.pack("<iiiiIQQ", signal, 1, 0, slot, frames, 16, 1 << 40)
    page[128:132] = struct.pack("<I", stage)
def ring():
    os.write(bell, struct.pack("<Q", 1))
reply(hello, HelloReply(WIRE_VERSION, 6, os.getpid(), struct_sizes()))
"""


def ignore(_handle: WorkerHandle, _event: Event) -> None:
    """Nobody listens."""


async def start(root: Path, text: str) -> WorkerHandle:
    return await spawn(SPEC, ignore, Limits(), ColdStart(sys.executable, "-c", PRELUDE.format(root=str(root)) + text))


def test_one_that_crashed_and_does_not_end_is_ended(root: Path) -> None:
    """Nothing is asked of it, and no limit runs but the one that the bell began."""

    async def body() -> None:
        handle = await start(root, "record(11)\nring()\ntime.sleep(600)\n")
        assert await handle.wait_exit(LONG_S) == ExitStatus(signal=SIGKILL)
        assert (handle.kill_kind, handle.doomed) == (KillKind.CRASH, "it crashed (SIGSEGV) and did not end")
        found = examine(handle, ExitStatus(signal=SIGKILL))
        assert (found.cause, found.external) == (Cause.CRASH, False)
        assert found.reason.startswith("it crashed (SIGSEGV) and did not end: SIGSEGV at address 0x10")

    asyncio.run(body())


def test_a_ring_without_a_record_is_nothing(root: Path) -> None:
    async def body() -> None:
        handle = await start(root, "ring()\nwhile True:\n    reply(receive(), Pong())\n    ring()\n")
        for _ in range(50):
            assert await handle.request(Ping(), LONG_S) == Pong()
        handle.terminate()
        assert await handle.wait_exit(LONG_S) == ExitStatus(signal=SIGKILL)
        assert handle.kill_kind is KillKind.ASKED
        assert handle.crash is None

    asyncio.run(body())


def test_a_record_of_nonsense_is_read_without_harm(root: Path) -> None:
    text = "record(-5, slot=1 << 30, frames=(1 << 32) - 1, stage=77)\nring()\nos._exit(9)\n"

    async def body() -> None:
        handle = await start(root, text)
        assert await handle.wait_exit(LONG_S) == ExitStatus(code=9)
        assert handle.crash is not None
        assert (handle.crash.slot, len(handle.crash.frames)) == (-1, 48)
        found = examine(handle, ExitStatus(code=9))
        assert (found.cause, found.exit_status) == (Cause.EXIT, 9)

    asyncio.run(body())
