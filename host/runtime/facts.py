"""What a worker tells, as facts of the bus: stamped with plugin and generation, checked, safe to print."""

from __future__ import annotations

import re

from abi.kinds import LogLevel
from abi.wire import DigestReady, Dropped, Event, PluginEvent, PluginLog, StageStopped, StopReason
from host.events import DigestDone, EventsDropped, PluginEmitted, PluginLogLine, StageEnded, Topic
from host.ids import Generation, InstanceId, PluginId
from host.printable import printable
from host.runtime.plugin_json import parse_plugin_json

__all__ = ["fact_of"]

_SHA256 = re.compile(r"[0-9a-f]{64}")


def fact_of(plugin_id: PluginId, generation: Generation, event: Event) -> Topic:
    """The fact that an event stands for.

    Raises:
        ValueError: the event cannot be true; its worker is not to be trusted any more.
    """
    match event:
        case StageStopped():
            _require(event.epoch >= 0 and event.position >= 0, event)
            return StageEnded(
                plugin_id,
                generation,
                InstanceId(event.instance),
                event.epoch,
                StopReason(event.reason),
                event.position,
                event.code,
                printable(event.text),
            )
        case DigestReady():
            _require(0 <= event.start <= event.end and _SHA256.fullmatch(event.sha256) is not None, event)
            return DigestDone(plugin_id, generation, InstanceId(event.instance), event.start, event.end, event.sha256)
        case PluginLog():
            return PluginLogLine(plugin_id, generation, InstanceId(event.instance), event.level, printable(event.text))
        case PluginEvent():
            instance = InstanceId(event.instance)
            try:
                return PluginEmitted(plugin_id, generation, instance, parse_plugin_json(event.text))
            except ValueError as error:
                text = f"emitted an event that is not JSON: {printable(str(error))}"
                return PluginLogLine(plugin_id, generation, instance, LogLevel.ERROR, text)
        case Dropped():
            _require(event.logs >= 0 and event.events >= 0, event)
            return EventsDropped(plugin_id, generation, event.logs, event.events)
        case _:
            raise ValueError(f"{type(event).__name__} is no event of a worker")


def _require(true: bool, event: Event) -> None:
    if not true:
        raise ValueError(f"impossible {event}")
