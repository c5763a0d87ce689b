"""Misbehaviour that ends nothing, and must be told all the same: what lanes counted, and workers lost in destroy.

Owns the wording. Looks only at status pages and facts that are there already.
"""

from __future__ import annotations

from host.events import WorkerExited
from host.records import record
from host.runtime import Instance

__all__ = ["Fault", "crash_in_destroy", "lane_faults"]


@record
class Fault:
    """``code`` is a stable word for programs. ``spoils``: what came out is not what was asked for."""

    code: str
    message: str
    spoils: bool = False


def lane_faults(name: str, instance: Instance) -> tuple[Fault, ...]:
    """What the lane of an instance has counted so far; ``name`` begins the messages.

    To be asked before the instance is destroyed. Where its worker is dead, its last page counts.
    """
    worker = instance.worker
    found: list[Fault] = []
    for lane in (*worker.status.lanes(), *worker.last_lanes):
        if lane.instance != instance.id:
            continue
        if lane.failed_blocks:
            text = f"{name}: failed on {lane.failed_blocks} of {lane.blocks} blocks, which were passed on as they were"
            found.append(Fault("process_failed", f"{text} (-v shows what it said)", spoils=True))
        if lane.scrubbed_samples:
            text = f"{name}: {lane.scrubbed_samples} samples were no finite numbers and became silence"
            found.append(Fault("not_finite", text))
    return tuple(found)


def crash_in_destroy(exited: WorkerExited) -> Fault | None:
    """The fault, where a worker ended, or had to be ended, while it destroyed an instance."""
    if exited.expected or "in destroy" not in exited.call:
        return None
    verb = "hung" if exited.reason else "was killed" if exited.how == "SIGKILL" else "crashed"
    how = exited.reason or exited.how
    return Fault("lost_in_destroy", f"plugin {exited.plugin_id} {verb} while it was being destroyed ({how})")
