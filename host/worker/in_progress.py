"""The calls a worker's lanes are in, in words, as its status page tells them."""

from __future__ import annotations

from collections.abc import Iterable

from host.worker.log_tail import printable
from shm_audio import LaneStatus

__all__ = ["describe"]


def describe(lanes: Iterable[LaneStatus]) -> str:
    """For example ``in process of instance 4``; empty when no lane is in a call of its plugin."""
    return " and ".join(
        f"in {printable(lane.call)}" + (f" of instance {lane.instance}" if lane.instance else "")
        for lane in lanes
        if lane.call
    )
