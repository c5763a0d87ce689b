"""The calls a worker's lanes are in, in words, as its status page tells them."""

from __future__ import annotations

from collections.abc import Iterable

from host.printable import printable
from shm_audio import LaneStatus

__all__ = ["describe", "instance_of"]

#: Under this number the module lane writes its line.
MODULE_LANE = 2**64 - 1


def describe(lanes: Iterable[LaneStatus]) -> str:
    """For example ``in process of instance 4``; empty when no lane is in a call of its plugin."""
    return " and ".join(
        f"in {printable(lane.call)}" + (f" of instance {number}" if (number := instance_of(lane)) else "")
        for lane in lanes
        if lane.call
    )


def instance_of(lane: LaneStatus) -> int:
    """The instance of a lane; 0 for the module's own calls."""
    return 0 if lane.instance == MODULE_LANE else lane.instance
