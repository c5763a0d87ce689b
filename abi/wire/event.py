"""What a worker tells without being asked. Bounded: what the queue cannot hold is dropped, counted and told."""

from __future__ import annotations

from abi.wire.message import Event, Payload, message

__all__ = ["Dropped", "PluginEvent", "PluginLog"]


@message(60)
class PluginLog(Event):
    """A log line of the plugin; ``level``: ``LogLevel``; ``instance``: 0 when no call of an instance was under way."""

    instance: int
    level: int
    text: str


@message(61)
class PluginEvent(Event):
    """A JSON text that the plugin emitted."""

    instance: int
    text: Payload


@message(62)
class Dropped(Event):
    """So many log lines and plugin events found no room since the last such message."""

    logs: int
    events: int
