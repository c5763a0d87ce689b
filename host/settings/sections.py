"""The settings of the host itself, section by section, each value with its default and its range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeAlias

from host.jsontext import Json, JsonObject

__all__ = [
    "MAX_RATE_HZ",
    "MIN_RATE_HZ",
    "SECTIONS",
    "Limits",
    "LogSettings",
    "OutputFormat",
    "PipelineSizes",
    "Section",
    "complaint_about",
    "section_schema",
]

#: Rates that can be chosen.
MIN_RATE_HZ = 1000
MAX_RATE_HZ = 768_000


def _range(default: int, low: int, high: int) -> int:
    """A field with its default and the range a user may choose from."""
    made: int = field(default=default, metadata={"low": low, "high": high})
    return made


def _choice(default: str, *choices: str | int) -> str:
    """A field with its default and all that a user may choose."""
    made: str = field(default=default, metadata={"choices": choices})
    return made


@dataclass(frozen=True, slots=True)
class PipelineSizes:
    """How much is held where. Rings other than the decode ring use `ring_ahead_ms`.

    `checkpoint_kib`: longest state of an effect that is kept for the case that its worker dies.
    """

    block_frames: int = _range(512, 32, 8192)
    decode_ahead_ms: int = _range(2000, 50, 60_000)
    ring_ahead_ms: int = _range(200, 20, 10_000)
    history_ms: int = _range(1000, 20, 10_000)
    checkpoint_kib: int = _range(256, 1, 16_384)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each call may take. `process_ms` is an upper bound: the limit is min(20 blocks, process_ms).

    `flush_ms` comes on top of what is still to be played out, or written; `control_ms` is for what a plugin asks of the
    host; `cancel_ms` is how long a call that was told to give up may go on. A worker with live instances that leaves
    `heartbeat_misses` questions unanswered, one every `heartbeat_ms`, is ended.
    """

    handshake_ms: int = _range(2000, 100, 600_000)
    load_ms: int = _range(5000, 100, 600_000)
    create_ms: int = _range(5000, 100, 600_000)
    open_ms: int = _range(5000, 100, 600_000)
    seek_ms: int = _range(2000, 100, 600_000)
    read_ms: int = _range(1000, 50, 600_000)
    process_ms: int = _range(250, 10, 60_000)
    update_ms: int = _range(1000, 50, 600_000)
    destroy_ms: int = _range(500, 50, 600_000)
    negotiate_ms: int = _range(5000, 100, 600_000)
    first_write_ms: int = _range(2000, 50, 600_000)
    write_ms: int = _range(1000, 50, 600_000)
    query_ms: int = _range(500, 50, 600_000)
    flush_ms: int = _range(2000, 50, 600_000)
    source_ms: int = _range(30_000, 100, 600_000)
    lyrics_ms: int = _range(30_000, 100, 600_000)
    cancel_ms: int = _range(1000, 50, 600_000)
    control_ms: int = _range(10_000, 100, 600_000)
    drain_ms: int = _range(2000, 0, 600_000)
    shutdown_ms: int = _range(1000, 50, 600_000)
    terminate_ms: int = _range(300, 0, 60_000)
    heartbeat_ms: int = _range(500, 100, 60_000)
    heartbeat_misses: int = _range(3, 1, 100)


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """Which rate and channels the chain has, and how tracks become that.

    `rate`: `track`, that of the first track, and again of a later one where the output can follow; `best`, the same or
    a multiple of it, whatever the output takes as it is; `fixed`, `rate_hz`. `channels`: the track's, or so many.
    `lfe`: what becomes of a low-frequency channel that the output lacks.
    """

    rate: str = _choice("track", "track", "best", "fixed")
    rate_hz: int = _range(48_000, MIN_RATE_HZ, MAX_RATE_HZ)
    resampler: str = _choice("very_high", "quick", "low", "medium", "high", "very_high")
    channels: str | int = _choice("track", "track", "stereo", *range(1, 9))
    lfe: str = _choice("mute", "mute", "mix")


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The log file: what is worth a line, from which size on a new file is begun, and how many are kept with it."""

    level: str = _choice("info", "error", "warn", "info", "debug", "trace")
    max_bytes: int = _range(4 << 20, 4 << 10, 1 << 30)
    files: int = _range(4, 1, 100)


Section: TypeAlias = PipelineSizes | Limits | OutputFormat | LogSettings

#: By the name they have in the file, with the defaults.
SECTIONS: dict[str, Section] = {
    "pipeline": PipelineSizes(),
    "limits": Limits(),
    "output": OutputFormat(),
    "log": LogSettings(),
}


def complaint_about(section: Section, key: str, value: object) -> str:
    """What is wrong with a value for a key; empty when nothing is."""
    found = next((each for each in fields(section) if each.name == key), None)
    if found is None:
        return f"{key} is unknown; known are {', '.join(each.name for each in fields(section))}"
    if "choices" in found.metadata:
        choices = found.metadata["choices"]
        if any(type(value) is type(each) and value == each for each in choices):
            return ""
        return f"{key} = {value!r}: it must be one of {', '.join(map(str, choices))}"
    low, high = found.metadata["low"], found.metadata["high"]
    if type(value) is not int or not low <= value <= high:
        return f"{key} = {value!r}: it must be a whole number from {low} to {high}"
    return ""


def _allowed(metadata: Mapping[str, Any]) -> JsonObject:
    """What a field may hold, as a schema has it."""
    if "choices" in metadata:
        return {"enum": [*metadata["choices"]]}
    return {"type": "integer", "minimum": metadata["low"], "maximum": metadata["high"]}


def section_schema(section: Section) -> JsonObject:
    """The same as a JSON schema, defaults included."""
    defaults = asdict(type(section)())
    properties: dict[str, Json] = {
        each.name: {**_allowed(each.metadata), "default": defaults[each.name]} for each in fields(section)
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}
