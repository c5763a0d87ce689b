"""A place in a pipeline: the rings it joins stay, who works there may be replaced.

Everything that changes the occupant happens under ``lock``. A seat knows its records (what an occupant was told), so
that a successor is told the same.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from abi.wire import StopReason
from host.capabilities import Stage
from host.errors import ProtocolViolated, StellaError, Supervised
from host.jsontext import JsonObject
from host.playback.stage_spec import StageSpec
from host.playback.stage_use import StageUse
from host.records import record
from host.runtime import Instance, Plan, apply_update, plan_update
from shm_audio import Ring, RingError, RingWords

__all__ = ["NotAtWork", "Outdated", "Remade", "RingsBroken", "Seat", "words_of", "honest_words"]


#: Longer than SIGKILL takes on the busiest machine, unless the process is in an uninterruptible sleep.
UNKILLABLE_S = 2.0
#: Nobody plays for that long.
MAX_POSITION = 1 << 62


class RingsBroken(ProtocolViolated):
    """What stands in shared memory cannot be: nobody knows who did it, and the pipeline has to be built anew."""


class NotAtWork(StellaError):
    """Nobody works there just now who could be asked."""

    default_code = "not_at_work"


class Outdated(StellaError):
    """A successor was made with a configuration that is not in force any more: another one is to be made."""

    default_code = "outdated"


@record
class Remade:
    """Another instance works there from ``position`` on. ``note``: what became of the running state, if it was lost."""

    position: int | None
    note: str
    lost_frames: int = 0


class Seat(ABC):
    """One stage of a pipeline, whoever occupies it. The loop's thread."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = asyncio.Lock()
        self._epoch = 1
        #: Why nobody will work here any more; None while somebody does, or is about to.
        self.failure: StellaError | None = None
        #: Who is about to take over at this moment, while the occupant is held or dead.
        self.coming: Instance | None = None
        #: Whether the occupant is held for a moment, and stands still because it was told to.
        self.held = False
        #: Whether nobody works here any more, as the place is given up.
        self.retired = False

    @property
    @abstractmethod
    def instance(self) -> Instance:
        """The instance that works here, or worked here last."""

    @property
    @abstractmethod
    def position(self) -> int:
        """Frames that this stage has done. Raises: RingsBroken."""

    @property
    def epoch(self) -> int:
        """Counts the times the occupant was made to begin anew: what it said before counts no more."""
        return self._epoch

    @property
    def lost(self) -> bool:
        """Whether the occupant's worker is gone, or about to be."""
        worker = self.instance.worker
        return not self.retired and (worker.exited.done() or bool(worker.doomed))

    @property
    def updatable(self) -> Instance:
        """The instance that another configuration is for. Raises: NotAtWork while it is dead."""
        if self.lost:
            raise NotAtWork(f"the worker of {self.name} is being replaced")
        return self.instance

    async def plan(self, config: JsonObject) -> Plan:
        """How the occupant would take a configuration. Raises: NotAtWork; and what ``plan_update`` raises."""
        async with self.lock:
            return await plan_update(self.updatable, config)

    async def apply(self, spec: StageSpec, plan: Plan) -> int:
        """The occupant takes it in place; says from where on it holds.

        Raises:
            NotAtWork; and what ``apply_update`` raises: the old one stays in force.
        """
        async with self.lock:
            instance = self.updatable
            if (instance.plugin_id, instance.type_id) != (spec.plugin_id, spec.type_id):
                raise NotAtWork(f"{spec.type_id} is not at work in {self.name} any more")
            position = await apply_update(instance, spec.config, spec.config_gen, plan.cost, spec.files.grants)
            self.adopt(spec)
            return position

    @abstractmethod
    def adopt(self, spec: StageSpec) -> None:
        """The occupant took this in place: so will its successors."""

    async def fence(self) -> None:
        """Waits until the occupant, which is lost, is known to be dead: before that nobody else may touch its rings.

        Raises:
            RingsBroken: nothing ends it, so these rings are its for ever.
        """
        if await self.instance.worker.wait_exit(UNKILLABLE_S) is None:
            raise RingsBroken(
                f"{self.name}: worker {self.instance.pid} does not die", remedy="look for a disk or driver that hangs"
            )

    def outlives(self, reason: StopReason, _code: int, /) -> bool:
        """Whether somebody else goes on here after such an end of the occupant; the code is the plugin's."""
        return reason in (StopReason.CONTRACT, StopReason.RING, StopReason.CUT)

    @contextmanager
    def standing(self) -> Iterator[None]:
        """For who has the lock: the occupant stands still in the block because it was told to."""
        held, self.held = self.held, True
        try:
            yield
        finally:
            self.held = held

    @abstractmethod
    async def let_go(self) -> None:
        """For who has the lock: nobody who works here touches the rings any more, or is known to be dead.

        Raises:
            RingsBroken: nothing ends the occupant.
        """

    async def _leave_rings(self, stage: Stage) -> None:
        """What ``let_go`` does with an occupant. One that would not is ended."""
        if not self.lost:
            try:
                await stage.detach()
                return
            except Supervised:
                pass  # dead by now
            except StellaError as error:
                stage.instance.worker.terminate(f"would not leave its rings: {error}")
        await self.fence()

    @property
    def out(self) -> bool:
        """Whether nobody is to work here, by wish."""
        return self.retired

    @asynccontextmanager
    async def turn(self, coming: Stage) -> AsyncIterator[None]:
        """The lock, for one that is to sit down here; who does not live to have it leaves it destroyed."""
        try:
            await self.lock.acquire()
        except BaseException:
            await coming.destroy()
            raise
        try:
            yield
        finally:
            self.lock.release()

    @property
    def use(self) -> StageUse:
        """Who works here now."""
        instance = self.instance
        return StageUse(self.name, instance.plugin_id, instance.type_id, instance.generation, instance.pid, instance.id)

    @abstractmethod
    async def close(self) -> None:
        """Ends the occupant; twice is fine."""


def words_of(ring: Ring) -> RingWords:
    """Where both sides of a ring stand.

    Raises:
        RingsBroken: what is there cannot be.
    """
    try:
        words = ring.words()
    except RingError as error:
        raise RingsBroken(f"a worker wrote impossible positions: {error}", remedy="a plugin is at fault") from error
    if words.write_pos >= MAX_POSITION:  # they may agree with each other, and be nonsense
        raise RingsBroken(f"a worker wrote position {words.write_pos}", remedy="a plugin is at fault")
    return words


def honest_words(inp: Ring, out: Ring, who: str) -> RingWords:
    """The words of the ring that a stage writes, once those of both its rings are known to be what one can leave.

    Raises:
        RingsBroken: they cannot be; ``who``: for people.
    """
    read, written, block = words_of(inp), words_of(out), inp.format.block_frames
    honest = (
        written.write_pos % block == 0
        and read.read_pos in (written.write_pos, written.write_pos - block)
        and written.write_pos <= read.write_pos
    )
    if not honest:
        raise RingsBroken(
            f"{who} left impossible positions: read {read.read_pos} of {read.write_pos}, wrote {written.write_pos}",
            remedy="the plugin is at fault",
        )
    return written
