"""An effect's seat with real rings and checkpoints, and occupants that are lists of what they were told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from abi.wire import At, AttachDsp, HoldStage, InstanceCreated, Request
from host.capabilities import Dsp
from host.errors import StellaError
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.playback.dsp_seat import DspSeat
from host.playback.stage_spec import StageSpec
from host.runtime import Instance, PluginRuntime
from host.settings import Limits
from host.worker import ExitStatus
from shm_audio import Ring, RingFormat
from shm_audio._core import ffi, lib
from tests.support.ring_end import RawWords

__all__ = ["BLOCK", "FORMAT", "Fellow", "Place", "place"]

FORMAT = RingFormat(sample_rate_hz=48000, channels=2, block_frames=64, ahead_frames=1024, history_frames=512)
BLOCK = FORMAT.block_frames
PLUGIN = PluginId("test.dsp.fellow")
SLOT_BYTES = 1000


class Mortal:
    """A worker: alive, doomed or dead."""

    def __init__(self) -> None:
        self.exited: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
        self.doomed = ""

    async def wait_exit(self, timeout_s: float) -> ExitStatus | None:
        await asyncio.wait((self.exited,), timeout=timeout_s)
        return self.exited.result() if self.exited.done() else None

    def terminate(self, reason: str) -> None:
        self.doomed = self.doomed or reason

    def die(self) -> None:
        self.exited.set_result(ExitStatus(signal=9))


class Fellow:
    """An instance. ``told`` is all it was asked; ``refuses`` is its answer to the next attach."""

    def __init__(self, name: PluginId = PLUGIN) -> None:
        self.worker = Mortal()
        self.plugin_id = name
        self.type_id = TypeId("fellow")
        self.config: JsonObject = {}
        self.id = 1
        self.pid = 4242
        self.limits = Limits()
        self.created = InstanceCreated(0, 3, True)
        self.refuses: StellaError | None = None
        self.stands_at = 0
        self.destroyed = 0
        self.told: list[Request] = []  # type: ignore[type-arg]  # whatever the reply

    async def request(self, message: Request, timeout_s: float, fds: object = ()) -> At:  # type: ignore[type-arg]
        assert timeout_s > 0
        assert fds is not None
        self.told.append(message)
        if isinstance(message, AttachDsp) and self.refuses is not None:
            raise self.refuses
        return At(self.stands_at)

    def took(self, config: JsonObject) -> None:
        self.config = config

    async def destroy(self) -> None:
        self.destroyed += 1

    def destroy_soon(self) -> None:
        self.destroyed += 1

    @property
    def attached(self) -> list[AttachDsp]:
        return [message for message in self.told if isinstance(message, AttachDsp)]

    @property
    def held(self) -> int:
        return sum(isinstance(message, HoldStage) for message in self.told)

    @property
    def dsp(self) -> Dsp:
        return Dsp(cast(Instance, self))


class Birth:
    """A runtime that gives one fellow after the other."""

    def __init__(self) -> None:
        self.made: list[Fellow] = []

    async def create(self, plugin_id: PluginId, *_: object, **__: object) -> Fellow:
        self.made.append(Fellow(plugin_id))
        return self.made[-1]


@dataclass
class Place:
    """``inp`` and ``out`` are the words of both rings, to be set at will."""

    seat: DspSeat
    first: Fellow
    birth: Birth
    inp: RawWords
    out: RawWords
    checkpoints_fd: int

    def stand(self, at: int, *, taken: int | None = None, ahead: int = 4 * BLOCK) -> None:
        """The effect has written up to ``at``, read as much (or up to ``taken``), and has more to read."""
        read = at if taken is None else taken
        self.inp.set(write_pos=at + ahead, read_pos=read, retain_pos=max(0, read - FORMAT.history_frames))
        self.out.set(write_pos=at, read_pos=max(0, at - BLOCK), retain_pos=0)

    def keep(self, slot: int, position: int, epoch: int = 1, config_gen: int = 1) -> None:
        """A checkpoint as a worker writes it."""
        face = ffi.new("st_checkpoint *")
        assert lib.st_checkpoint_map(face, self.checkpoints_fd, 1 - slot) == 0
        label = ffi.new("st_checkpoint_label *", [position, epoch, config_gen, 5])
        assert lib.st_checkpoint_put(face, label, b"state") == 0
        lib.st_checkpoint_unmap(face)


@contextmanager
def place() -> Iterator[Place]:
    """The first fellow is in the seat. Inside a running loop."""
    birth, first = Birth(), Fellow()
    spec = StageSpec("fellow", PLUGIN, TypeId("fellow"), {})
    runtime = cast(PluginRuntime, birth)
    seat = DspSeat(runtime, spec, first.dsp, protective=False, checkpoint_bytes=SLOT_BYTES)
    with Ring.create(FORMAT) as inp, Ring.create(FORMAT) as out:
        seat.place(inp, out, BLOCK)
        words = RawWords(inp.fd), RawWords(out.fd)
        try:
            yield Place(seat, first, birth, *words, seat._checkpoints.fd)
        finally:
            for each in words:
                each.close()
            seat._checkpoints.close()
