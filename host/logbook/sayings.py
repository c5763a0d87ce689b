"""What the log says about each fact, and how grave that is."""

from __future__ import annotations

from abi.kinds import LogLevel
from host.events import (
    ConfigReloaded,
    ConfigUpdated,
    EventsDropped,
    PlaybackEnded,
    PluginFault,
    PluginLogLine,
    StageBypassed,
    StageGivenUp,
    StageMended,
    Topic,
    TrackEnded,
    TrackStarted,
    WorkerExited,
    WorkerStarted,
    words_of,
)
from host.ids import Generation, PluginId
from host.logbook.entry import HOST, Entry

__all__ = ["WRITTEN_DOWN", "entries_of"]

WRITTEN_DOWN: tuple[type[Topic], ...] = (
    ConfigReloaded,
    ConfigUpdated,
    EventsDropped,
    PlaybackEnded,
    PluginFault,
    PluginLogLine,
    StageBypassed,
    StageGivenUp,
    StageMended,
    TrackEnded,
    TrackStarted,
    WorkerExited,
    WorkerStarted,
)
_LAST_LINES = 20


def entries_of(fact: Topic, now_s: float) -> tuple[Entry, ...]:
    """One for most facts; a fault brings what its worker wrote last."""
    match fact:
        case PluginLogLine():
            source = _source(fact.plugin_id, fact.generation)
            source = f"{source}/{fact.instance}" if fact.instance else source
            return (Entry(now_s, _known(fact.level), source, fact.text),)
        case PluginFault():
            source = _source(fact.plugin_id, fact.generation)
            wrote = (Entry(now_s, LogLevel.ERROR, source, f"| {line}") for line in fact.last_lines[-_LAST_LINES:])
            return (Entry(now_s, LogLevel.ERROR, HOST, words_of(fact)), *wrote)
        case _:
            level, text = _said(fact)
            return (Entry(now_s, level, HOST, text),)


def _said(fact: Topic) -> tuple[LogLevel, str]:
    match fact:
        case StageBypassed():
            return LogLevel.WARN, words_of(fact)
        case StageMended():
            return (LogLevel.INFO if fact.planned else LogLevel.WARN), words_of(fact)
        case StageGivenUp():
            return LogLevel.ERROR, words_of(fact)
        case EventsDropped():
            lost = f"{fact.logs} log lines and {fact.events} events found no room in its worker"
            return LogLevel.WARN, f"{_source(fact.plugin_id, fact.generation)}: {lost}"
        case ConfigUpdated():
            reason = f": {fact.reason}" if fact.reason else ""
            level = LogLevel.WARN if fact.status in ("rejected", "failed") else LogLevel.INFO
            return level, f"{fact.name}: configuration {fact.status}, config_gen {fact.config_gen}{reason}"
        case ConfigReloaded():
            return (LogLevel.WARN if fact.problems else LogLevel.INFO), words_of(fact)
        case WorkerStarted():
            return LogLevel.DEBUG, f"{_source(fact.plugin_id, fact.generation)}: worker {fact.pid} started"
        case WorkerExited():
            why = f", {fact.reason}" if fact.reason else ""
            source = _source(fact.plugin_id, fact.generation)
            return LogLevel.DEBUG, f"{source}: worker {fact.pid} ended: {fact.how}{why}"
        case TrackStarted():
            return LogLevel.INFO, f"track {fact.index}: {fact.label}, {fact.decoder}, {fact.sample_rate_hz} Hz"
        case TrackEnded():
            ended = f"track {fact.index}: {fact.label}: ended after {fact.frames} frames"
            return (LogLevel.WARN, f"{ended}: {fact.error}") if fact.error else (LogLevel.INFO, ended)
        case PlaybackEnded():
            return LogLevel.INFO, f"playback ended: {fact.played} inputs played, {fact.failed} failed"
        case _:
            raise TypeError(f"nothing is said about {type(fact).__name__}")


def _source(plugin_id: PluginId, generation: Generation) -> str:
    return f"{plugin_id}#{generation}"


def _known(level: int) -> LogLevel:
    """A plugin may give any number."""
    return LogLevel(min(max(level, LogLevel.ERROR), LogLevel.TRACE))
