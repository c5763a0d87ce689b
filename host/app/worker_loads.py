"""What every worker costs and does, in counters that only grow: who wants rates asks twice. The loop's thread."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable

from host.events import EventBus, WorkerExited
from host.ids import InstanceId, PluginId, Role
from host.jsontext import Json, JsonObject
from host.records import record
from host.runtime import GenerationStatus, Instance, PluginRuntime
from host.supervise import use_of
from host.worker import WorkerHandle

__all__ = ["Quantum", "WorkerLoads"]


@record
class Quantum:
    """What is moved at once by what plays."""

    sample_rate_hz: int
    block_frames: int


class WorkerLoads:
    """Of one host. ``quantum``: of what plays, or played last."""

    def __init__(self, runtime: PluginRuntime, bus: EventBus, quantum: Callable[[], Quantum | None]) -> None:
        self._runtime = runtime
        self._quantum = quantum
        self._exits = bus.subscribe(WorkerExited)
        self._last_exit: dict[tuple[PluginId, Role], str] = {}

    def close(self) -> None:
        """Twice is fine."""
        self._exits.close()

    def rows(self) -> JsonObject:
        """The host and its workers at this moment."""
        while (fact := self._exits.poll()) is not None:
            self._last_exit[fact.plugin_id, fact.role] = fact.how
        quantum = self._quantum()
        handles = {handle.pid: handle for handle in self._runtime.workers()}
        instances = {instance.id: instance for instance in self._runtime.instances()}
        workers: list[Json] = [
            self._worker(status, handles.get(status.pid), instances, quantum) for status in self._runtime.list()
        ]
        return {
            "monotonic_s": time.monotonic(),
            "sample_rate_hz": None if quantum is None else quantum.sample_rate_hz,
            "block_frames": None if quantum is None else quantum.block_frames,
            "host": {"pid": os.getpid(), **_use(os.getpid())},
            "workers": workers,
        }

    def _worker(
        self,
        status: GenerationStatus,
        handle: WorkerHandle | None,
        instances: dict[InstanceId, Instance],
        quantum: Quantum | None,
    ) -> JsonObject:
        return {
            "plugin": status.plugin_id,
            "role": status.role.value,
            "generation": status.generation,
            "state": status.state.value,
            "pid": status.pid or None,
            "up_s": round(status.lived_s, 3),
            "restarts": self._runtime.supervisor.restarts(status.plugin_id, status.role),
            "last_exit": self._last_exit.get((status.plugin_id, status.role)),
            **_use(status.pid),
            "lanes": [] if handle is None else [*_lanes(handle, instances, quantum)],
        }


def _use(pid: int) -> JsonObject:
    use = use_of(pid) if pid else None
    return {"cpu_s": None if use is None else round(use.cpu_s, 3), "rss_bytes": None if use is None else use.rss_bytes}


def _lanes(
    handle: WorkerHandle, instances: dict[InstanceId, Instance], quantum: Quantum | None
) -> Iterable[JsonObject]:
    """Those of instances that the host knows; what a worker claims beside is nobody's."""
    for lane in handle.status.lanes():
        instance = instances.get(InstanceId(lane.instance))
        if instance is None:
            continue
        rate = instance.order.sample_rate_hz or (0 if quantum is None else quantum.sample_rate_hz)
        yield {
            "instance": lane.instance,
            "kind": instance.kind.word,
            "type": instance.type_id,
            "sample_rate_hz": rate or None,
            "call": lane.call,
            "blocks": lane.blocks,
            "timed_calls": lane.timed_calls,
            "timed_ns": lane.timed_ns,
            "xruns": lane.xruns,
            "failed_blocks": lane.failed_blocks,
            "scrubbed_samples": lane.scrubbed_samples,
            "clipped_samples": lane.clipped_samples,
        }
