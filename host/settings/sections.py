"""The settings of the host itself, section by section, each value with its default and its range."""

from __future__ import annotations

from dataclasses import Field, field, fields
from enum import StrEnum
from typing import Any, TypeAlias

from host.jsontext import Json, JsonObject
from host.records import record

__all__ = [
    "MAX_CROSSFADE_S",
    "MAX_RATE_HZ",
    "MIN_RATE_HZ",
    "SECTIONS",
    "LibrarySettings",
    "Limits",
    "LogLevelWord",
    "LogSettings",
    "LostOutput",
    "LyricsSettings",
    "OutputSettings",
    "PipelineSizes",
    "PlaybackSettings",
    "ReplayGain",
    "ReplayGainMode",
    "Section",
    "complaint_about",
    "section_schema",
    "setting_from",
]

MAX_CROSSFADE_S = 60
MAX_WORDS = 16
MAX_WORD_CHARS = 64

#: Rates that can be chosen.
MIN_RATE_HZ = 1000
MAX_RATE_HZ = 768_000


def _range(default: int, low: int, high: int) -> int:
    """A field with its default and the range a user may choose from."""
    made: int = field(default=default, metadata={"low": low, "high": high})
    return made


def _number(default: float, low: float, high: float) -> float:
    """The same for what need not be whole."""
    made: float = field(default=default, metadata={"low": low, "high": high})
    return made


def _choice(default: str, *choices: str | int) -> str:
    """A field with its default and all that a user may choose."""
    made: str = field(default=default, metadata={"choices": choices})
    return made


def _words(*default: str) -> tuple[str, ...]:
    """A field with a list of short words, none of them twice."""
    made: tuple[str, ...] = field(default=default, metadata={})
    return made


def _place() -> str:
    """A field for where a file is; empty: where such files are by themselves."""
    made: str = field(default="", metadata={"place": True})
    return made


@record
class PipelineSizes:
    """How much is held where. Rings other than the decode ring use `ring_ahead_ms`.

    `checkpoint_kib`: longest state of an effect that is kept for the case that its worker dies. `stream_kib`: of what a
    source serves, so much is held, in powers of two.
    """

    block_frames: int = _range(512, 32, 8192)
    decode_ahead_ms: int = _range(2000, 50, 60_000)
    ring_ahead_ms: int = _range(200, 20, 10_000)
    history_ms: int = _range(1000, 20, 10_000)
    checkpoint_kib: int = _range(256, 1, 16_384)
    stream_kib: int = _range(1024, 256, 131_072)


@record
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
    write_ms: int = _range(2000, 50, 600_000)
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


class ReplayGainMode(StrEnum):
    """Which of a track's gains is wanted."""

    OFF = "off"
    TRACK = "track"
    ALBUM = "album"


@record
class ReplayGain:
    """How loud tracks are made that say how loud they are. `preamp_db` comes on top; `fallback_db` is for all others.

    `clip_guard`: where the peak is known, no more than takes it to full scale.
    """

    mode: ReplayGainMode = ReplayGainMode.OFF
    preamp_db: float = _number(0.0, -15, 15)
    fallback_db: float = _number(0.0, -30, 15)
    clip_guard: bool = True


class LostOutput(StrEnum):
    """What is done when a sound device goes away while it plays."""

    WAIT = "wait"
    NULL = "null"
    STOP = "stop"


class LogLevelWord(StrEnum):
    """What is worth a line in the log: this, and all that weighs more."""

    ERROR = "error"
    WARN = "warn"
    INFO = "info"
    DEBUG = "debug"
    TRACE = "trace"


@record
class OutputSettings:
    """Which rate and channels the chain has, and how tracks become that.

    `rate`: `track`, that of the first track, and again of a later one where the output can follow; `best`, the same or
    a multiple of it, whatever the output takes as it is; `fixed`, `rate_hz`. `channels`: the track's, or so many.
    `lfe`: what becomes of a low-frequency channel that the output lacks. `lost`: a device went away: the music waits
    where it stands until it is back; it goes on unheard; or the playback ends.
    """

    rate: str = _choice("track", "track", "best", "fixed")
    rate_hz: int = _range(48_000, MIN_RATE_HZ, MAX_RATE_HZ)
    resampler: str = _choice("very_high", "quick", "low", "medium", "high", "very_high")
    channels: str | int = _choice("track", "track", "stereo", *range(1, 9))
    lfe: str = _choice("mute", "mute", "mix")
    lost: LostOutput = LostOutput.WAIT


@record
class PlaybackSettings:
    """How tracks follow each other. `crossfade_s`: so many seconds one fades into the next; 0: it does not."""

    crossfade_s: float = _number(0.0, 0, MAX_CROSSFADE_S)


@record
class LyricsSettings:
    """Who is asked for the words of a track, one after the other.

    `providers`: types of plugins, `embedded` for the file itself, and `cache` for what was found before. `online`: also
    all plugins that ask somebody on the network, after the others.
    """

    providers: tuple[str, ...] = _words("sidecar", "embedded", "cache")
    online: bool = False


@record
class LogSettings:
    """The log file: what is worth a line, from which size on a new file is begun, and how many are kept with it."""

    level: LogLevelWord = LogLevelWord.INFO
    max_bytes: int = _range(4 << 20, 4 << 10, 1 << 30)
    files: int = _range(4, 1, 100)


@record
class LibrarySettings:
    """Where the database of the library is, its covers beside it, and how large a cover may be; 0: none is kept.

    ``watch``: `serve` keeps the library as its roots are.
    """

    database: str = _place()
    cover_kib: int = _range(12 << 10, 0, 12 << 10)
    watch: bool = False


Section: TypeAlias = (
    PipelineSizes
    | Limits
    | ReplayGain
    | OutputSettings
    | PlaybackSettings
    | LyricsSettings
    | LibrarySettings
    | LogSettings
)

#: By the name they have in the file, with the defaults.
SECTIONS: dict[str, Section] = {
    "pipeline": PipelineSizes(),
    "limits": Limits(),
    "replaygain": ReplayGain(),
    "output": OutputSettings(),
    "playback": PlaybackSettings(),
    "lyrics": LyricsSettings(),
    "library": LibrarySettings(),
    "log": LogSettings(),
}


def complaint_about(section: Section, key: str, value: object) -> str:
    """What is wrong with a value for a key; empty when nothing is."""
    found = next((each for each in fields(section) if each.name == key), None)
    if found is None:
        return f"{key} is unknown; known are {', '.join(each.name for each in fields(section))}"
    wrong = _wrong(found, value)
    return f"{key} = {value!r}: it must be {wrong}" if wrong else ""


def setting_from(section: Section, key: str, value: object) -> object:
    """A value of a key that nothing is wrong with, as the section holds it: a word as the enum's, 2 as 2.0."""
    found = next(each for each in fields(section) if each.name == key)
    kind: Any = type(found.default)  # a list of words becomes a tuple
    held: object = value if "choices" in found.metadata else kind(value)
    return held


def _wrong(each: Field[Any], value: object) -> str:
    """What a value must be that is not; empty when it is."""
    if "choices" in each.metadata:
        choices = each.metadata["choices"]
        fits = any(type(value) is type(choice) and value == choice for choice in choices)
        return "" if fits else f"one of {', '.join(map(str, choices))}"
    if "place" in each.metadata:
        fits = isinstance(value, str) and (value == "" or value.startswith(("/", "~/"))) and "\0" not in value
        return "" if fits else "an absolute path, or one that begins with ~/"
    low, high = each.metadata.get("low", 0), each.metadata.get("high", 0)
    match each.default:
        case bool():
            return "" if type(value) is bool else "true or false"
        case StrEnum() as word:
            words = tuple(type(word))
            return "" if value in words else f"one of {', '.join(words)}"
        case tuple():
            return "" if _are_words(value) else f"a list of at most {MAX_WORDS} different words"
        case float():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return "" if number and low <= value <= high else f"a number from {low} to {high}"
        case _:
            return "" if type(value) is int and low <= value <= high else f"a whole number from {low} to {high}"


def _are_words(value: object) -> bool:
    if not isinstance(value, list) or len(value) > MAX_WORDS:
        return False
    words = [each for each in value if isinstance(each, str) and 0 < len(each) <= MAX_WORD_CHARS]
    return len(set(words)) == len(value)


def section_schema(section: Section) -> JsonObject:
    """The same as a JSON schema, defaults included."""
    properties: dict[str, Json] = {each.name: _schema_of(each) for each in fields(section)}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _schema_of(each: Field[Any]) -> JsonObject:
    if "choices" in each.metadata:
        choices: list[Json] = [*each.metadata["choices"]]
        return {"enum": choices, "default": str(each.default)}
    if "place" in each.metadata:
        return {"type": "string", "pattern": "^$|^~?/", "default": str(each.default)}
    match each.default:
        case bool() as default:
            return {"type": "boolean", "default": default}
        case StrEnum() as word:
            return {"type": "string", "enum": [*map(str, type(word))], "default": str(word)}
        case tuple() as words:
            each_word: JsonObject = {"type": "string", "maxLength": MAX_WORD_CHARS}
            return {"type": "array", "items": each_word, "maxItems": MAX_WORDS, "default": [*words]}
        case default:
            kind = "number" if isinstance(default, float) else "integer"
            limits = {"minimum": each.metadata["low"], "maximum": each.metadata["high"]}
            return {"type": kind, **limits, "default": default}
