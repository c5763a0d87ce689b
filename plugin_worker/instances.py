"""Which lane owns which instance. Written by the control thread (lanes) and by each lane for itself (its instance)."""

from __future__ import annotations

from typing import Protocol

from plugin_worker._core import lib
from plugin_worker.capabilities import Instance
from plugin_worker.errors import Misuse, WorkerFault
from plugin_worker.ffi_calls import CData
from plugin_worker.lane import Lane, LaneHome

__all__ = ["MODULE_LANE", "Instances", "Living"]

#: The instance number under which the module's own calls (entry, describe, shutdown) show in the status page.
MODULE_LANE = 2**64 - 1


class Living(Protocol):
    """What lives on a lane: an instance, or one who makes instances."""

    def destroy(self) -> None:
        """Lane thread; the second time nothing happens."""


class Instances:
    """Lanes by instance number, and the status page's lines that they write. Line 0 is the module lane's."""

    def __init__(self, home: LaneHome, page: CData) -> None:
        """The module lane starts at once."""
        self._home = home
        self._page = page
        self._lanes: dict[int, Lane] = {}
        self._made: dict[int, Living] = {}
        self._free_slots = list(range(lib.ST_STATUS_LANES - 1, 0, -1))
        self.module_lane = Lane(home, MODULE_LANE, 0, page)

    def new_lane(self, number: int) -> Lane:
        """A lane for an instance that is about to be created.

        Raises:
            Misuse: the number is in use, or there are no lanes left.
        """
        if number in self._lanes or not 0 < number < MODULE_LANE:
            raise Misuse("create", f"instance number {number} is taken or out of range")
        if not self._free_slots:
            raise Misuse("create", f"a worker has at most {lib.ST_STATUS_LANES - 1} instances")
        slot = self._free_slots.pop()
        try:
            lane = Lane(self._home, number, slot, self._page)
        except RuntimeError as error:
            self._free_slots.append(slot)
            raise WorkerFault("create", f"no thread for another instance: {error}") from error
        self._lanes[number] = lane
        return lane

    def lane(self, number: int) -> Lane:
        """Raises: Misuse for an instance that is not there."""
        lane = self._lanes.get(number)
        if lane is None:
            raise Misuse("dispatch", f"there is no instance {number}")
        return lane

    def put(self, number: int, made: Living) -> None:
        """The lane made its instance."""
        self._made[number] = made

    def made(self, number: int) -> Living:
        """What lives there. Raises: Misuse when it was not made or is gone."""
        made = self._made.get(number)
        if made is None:
            raise Misuse("dispatch", f"instance {number} is not there")
        return made

    def instance(self, number: int) -> Instance:
        """Raises: Misuse when it was not made, is gone, or is none that can be asked."""
        made = self.made(number)
        if not isinstance(made, Instance):
            raise Misuse("dispatch", f"number {number} is a {type(made).__name__}, which only scans")
        return made

    def take(self, number: int) -> Living:
        """Removes it for its destroy; its lane ends after this job."""
        made = self.made(number)
        del self._made[number]
        return made

    def ended(self, lane: Lane) -> None:
        """A lane's thread is over: its number and line are free again. Lane thread."""
        if self._lanes.get(lane.instance) is lane:
            del self._lanes[lane.instance]
            self._free_slots.append(lane.slot)
