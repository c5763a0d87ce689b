"""A seat that reads a ring: its occupant can be held for a moment, and goes over to another ring at a position.

What a successor has to know of that is kept here: which ring is to be read where, and from where on that ring holds
what was heard.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from host.capabilities import Stage
from host.errors import StellaError, Supervised
from host.playback.seat import Seat
from host.records import record
from shm_audio import Ring

__all__ = ["Inlet", "ReadingSeat", "Stop"]


@record
class Inlet:
    """A ring that is read from ``at`` on; from ``true_from`` on it holds what was, or would have been, read before."""

    ring: Ring
    wake_frames: int
    at: int = 0
    true_from: int = 0


@dataclass(slots=True)
class Stop:
    """An occupant that is held at ``position``. ``goes_on``: it is to be released afterwards."""

    position: int
    goes_on: bool = True


class ReadingSeat(Seat, ABC):
    """An effect's or the output's."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._inlet: Inlet | None = None
        self._following: Inlet | None = None

    @property
    @abstractmethod
    def _stage(self) -> Stage:
        """Who works here now."""

    @abstractmethod
    def _has_read(self, at: int) -> bool:
        """Whether the occupant has read the ring that it has up to there."""

    @property
    def turned(self) -> bool:
        """Whether the ring that was to follow is the one that is read."""
        return self._following is not None and self._has_read(self._following.at)

    @property
    def inlet(self) -> Inlet:
        """What is to be read where the occupant stands."""
        inlet = self._following if self.turned else self._inlet
        if inlet is None:
            raise RuntimeError(f"{self.name} has not been placed")
        return inlet

    @property
    def _inp(self) -> Ring:
        return self.inlet.ring

    def read(self, inlet: Inlet) -> None:
        """Which ring it reads, and no other will follow. Whoever is here knows, or nobody is."""
        self._inlet, self._following = inlet, None

    def settle(self) -> None:
        """The ring that followed is the only one now."""
        self.read(self.inlet)

    async def let_go(self) -> None:
        await self._leave_rings(self._stage)

    def read_anew(self) -> None:
        """The ring that is read was set to another position: nothing of its past counts."""
        self.read(Inlet(self.inlet.ring, self.inlet.wake_frames))

    async def turn_to(self, inlet: Inlet) -> None:
        """From ``inlet.at`` on that ring is read: whoever is here is told, and so is every successor.

        Raises:
            StellaError: the occupant would not, and reads on what it read.
        """
        async with self.lock:
            self._following = inlet
            try:
                if not self.lost:
                    await self._tell(self._stage, inlet)
            except Supervised:
                return  # dead by now: its successor is told
            except StellaError:
                self._following = None
                raise

    def _yet_to_follow(self) -> Inlet | None:
        """What a successor is to be told as soon as it is attached: which ring follows the one that it begins with."""
        return None if self.turned else self._following

    async def _tell(self, stage: Stage, following: Inlet | None) -> None:
        if following is not None:
            await stage.switch_input(following.ring, following.at, following.wake_frames)

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[Stop]:
        """Holds the occupant; what is done meanwhile has the lock.

        Raises:
            Supervised: it is dead, or dies over it.
        """
        async with self.lock:
            if self.lost or self.retired:
                raise Supervised(f"{self.name}: its worker is gone")
            stage, self.held = self._stage, True
            try:
                stop = Stop(await stage.hold())
                try:
                    yield stop
                finally:
                    if stop.goes_on and not self.lost:
                        with suppress(Supervised):
                            await stage.release(self._epoch)
            finally:
                self.held = False

    async def go_over(self, stop: Stop, inlet: Inlet) -> None:
        """For one that is stopped: that ring is its input from here on, and it goes on. Who would not is ended."""
        stage = self._stage
        self.read(inlet)
        stop.goes_on = False
        try:
            await self._tell(stage, inlet)
        except Supervised:
            return  # dead by now: its successor reads it
        except StellaError as error:
            stage.instance.worker.terminate(f"would not read another ring: {error}")
