"""Python faces of the enums in the C headers; a contract test holds the two together."""

from __future__ import annotations

from enum import IntEnum, IntFlag

__all__ = [
    "API_VERSION",
    "CapabilityKind",
    "ConfigUpdateCost",
    "ConfigUpdateMode",
    "DecoderFlag",
    "LogLevel",
    "NegotiateFlag",
    "StatusCode",
]

API_VERSION = 6


class CapabilityKind(IntEnum):
    """``StCapabilityKind``; ``word`` is what manifests and people write."""

    DECODER = 1
    DSP = 2
    SOURCE_CATALOG = 3
    LYRICS_PROVIDER = 4
    OUTPUT_SINK = 5

    @property
    def word(self) -> str:
        return _WORDS[self]

    @classmethod
    def from_word(cls, word: str) -> CapabilityKind:
        """Raises: KeyError for a word that names no kind."""
        return _KINDS[word]


_WORDS = {
    CapabilityKind.DECODER: "decoder",
    CapabilityKind.DSP: "dsp",
    CapabilityKind.SOURCE_CATALOG: "source",
    CapabilityKind.LYRICS_PROVIDER: "lyrics",
    CapabilityKind.OUTPUT_SINK: "sink",
}
_KINDS = {word: kind for kind, word in _WORDS.items()}


class StatusCode(IntEnum):
    """``StStatusCode``; plugins may return other non-zero codes, which mean INTERNAL."""

    OK = 0
    INVALID_ARG = 1
    UNSUPPORTED = 2
    IO = 3
    DECODE = 4
    INTERNAL = 5
    CANCELLED = 6


class LogLevel(IntEnum):
    """``StLogLevel``."""

    ERROR = 1
    WARN = 2
    INFO = 3
    DEBUG = 4
    TRACE = 5


class ConfigUpdateMode(IntEnum):
    """``StConfigUpdateMode``."""

    HOT_APPLY = 1
    RECREATE = 2
    REJECT = 3


class ConfigUpdateCost(IntEnum):
    """``StConfigUpdateCost``."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class DecoderFlag(IntFlag):
    """``ST_DECODER_FLAG_*``."""

    SEEKABLE = 1
    HAS_DURATION = 2
    HAS_FRAMES = 4
    ROUNDED = 8


class NegotiateFlag(IntFlag):
    """``ST_NEGOTIATE_*``."""

    EXACT = 1
    RATE_CHANGED = 2
    CHANNELS_CHANGED = 4
