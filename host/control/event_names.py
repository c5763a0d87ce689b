"""What every fact of the host is called outside, and its fields as JSON. The names are stable; types may be renamed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum, StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from host.control.protocol import TOO_DEEP
from host.errors import NotFound, Usage
from host.events import (
    ConfigReloaded,
    ConfigUpdated,
    DigestDone,
    EventsDropped,
    GenerationChanged,
    HostEventsMissed,
    InstanceCreated,
    InstanceDestroyed,
    LyricsChanged,
    LyricsCursor,
    OutputBack,
    OutputLost,
    PlaybackEnded,
    PlaybackStateChanged,
    PluginAnswered,
    PluginAsked,
    PluginEmitted,
    PluginFault,
    PluginLogLine,
    QueueChanged,
    Seeked,
    StageBypassed,
    StageEnded,
    StageGivenUp,
    StageMended,
    Topic,
    TrackEnded,
    TrackHeard,
    TrackStarted,
    TrackTitled,
    VolumeChanged,
    WorkerExited,
    WorkerStarted,
)
from host.jsontext import Json, JsonObject

__all__ = ["EVENT_NAMES", "EVERYTHING", "event_data", "matching"]

EVENT_NAMES: dict[type[Topic], str] = {
    WorkerStarted: "worker.started",
    WorkerExited: "worker.exited",
    GenerationChanged: "generation.changed",
    InstanceCreated: "instance.created",
    InstanceDestroyed: "instance.destroyed",
    PluginFault: "plugin.fault",
    PluginLogLine: "plugin.log",
    PluginEmitted: "plugin.emitted",
    EventsDropped: "plugin.dropped",
    ConfigReloaded: "host.config.reloaded",
    ConfigUpdated: "host.instance.config_update",
    PluginAsked: "plugin.asked",
    PluginAnswered: "plugin.answered",
    HostEventsMissed: "plugin.missed",
    StageBypassed: "stage.bypassed",
    StageEnded: "stage.ended",
    StageGivenUp: "stage.given_up",
    StageMended: "stage.mended",
    OutputLost: "output.lost",
    OutputBack: "output.back",
    DigestDone: "stage.digest",
    TrackStarted: "track.started",
    TrackEnded: "track.ended",
    TrackHeard: "track.heard",
    TrackTitled: "track.title",
    Seeked: "track.seeked",
    PlaybackStateChanged: "playback.state",
    VolumeChanged: "playback.volume",
    QueueChanged: "queue.changed",
    PlaybackEnded: "playback.ended",
    LyricsChanged: "lyrics.changed",
    LyricsCursor: "lyrics.cursor",
}
EVERYTHING = "*"
MAX_FILTER_CHARS = 100
#: Of a fact; what a plugin emitted may be nested deeper, and is cut there.
MAX_DEPTH = 24


def matching(pattern: str) -> tuple[type[Topic], ...]:
    """The facts whose names match a pattern with ``*``, ``?`` and ``[...]``; ``*`` alone names none: it asks for all.

    Raises:
        Usage: the pattern is too long. NotFound: nothing is called so.
    """
    if len(pattern) > MAX_FILTER_CHARS:
        raise Usage(f"the filter has {len(pattern)} characters; {MAX_FILTER_CHARS} are the most")
    if pattern == EVERYTHING:
        return (Topic,)
    found = tuple(topic for topic, name in EVENT_NAMES.items() if fnmatchcase(name, pattern))
    if not found:
        raise NotFound(f"no event is called {pattern!r}", remedy=f"there are: {', '.join(EVENT_NAMES.values())}")
    return found


def event_data(fact: Topic) -> JsonObject:
    """The fields of a fact. Raises: TypeError: one of them has no form outside."""
    return _fields(fact)


def _fields(value: object, depth: int = MAX_DEPTH) -> JsonObject:
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} has no form outside")
    return {field.name: _plain(getattr(value, field.name), depth - 1) for field in dataclasses.fields(value)}


def _plain(value: object, depth: int) -> Json:
    """Enums by their words, paths as texts; bytes are counted, never shown; what is too deep is left out."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Enum):
        return value.name.lower()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes": len(value)}
    if isinstance(value, Path):
        return str(value)
    if depth == 0:
        return TOO_DEEP
    if isinstance(value, Mapping):
        return {str(name): _plain(each, depth - 1) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each, depth - 1) for each in value]
    return _fields(value, depth)
