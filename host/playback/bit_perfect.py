"""Whether what leaves the host is what stands in the file, to the bit; if not, what comes first in the way. Pure.

Judges formats and settings, not samples, and no further than what the output is handed: a sound server or a driver may
still change them.
"""

from __future__ import annotations

import math

from abi.kinds import DecoderFlag
from abi.wire import DecoderOpened
from host.jsontext import JsonObject
from host.playback.sizes import PipelineFormat
from host.records import record

__all__ = ["SignalPath", "why_not"]

#: Bits of whole numbers that float32 holds.
FLOAT_BITS = 24
#: By the member `format` of an output's configuration; one without it takes float32 as it is.
_OUTPUT_BITS = {"s16": 16, "int16": 16, "s24": 24, "int24": 24}


@record
class SignalPath:
    """All that may touch a sample on its way. ``effects``: names of those that are heard. Gains are linear."""

    source: DecoderOpened
    format: PipelineFormat
    effects: tuple[str, ...]
    volume: float
    output_config: JsonObject
    track_gain: float = 1.0
    crossfades: bool = False


def why_not(path: SignalPath) -> str:
    """The first thing that touches the samples, for people; empty: nothing does."""
    return _conversion(path) or _processing(path) or _output(path)


def _conversion(path: SignalPath) -> str:
    source, fmt = path.source, path.format
    if source.flags & DecoderFlag.ROUNDED:
        return f"{source.bits_per_sample} bits of the source become the {FLOAT_BITS} that float32 holds"
    if source.sample_rate_hz != fmt.sample_rate_hz:
        return f"{_kilohertz(source.sample_rate_hz)} becomes {_kilohertz(fmt.sample_rate_hz)}"
    if source.channels != fmt.channels:
        return f"{_channels(source.channels)} {'becomes' if source.channels == 1 else 'become'} {fmt.channels}"
    return ""


def _processing(path: SignalPath) -> str:
    if path.track_gain != 1.0:
        return f"ReplayGain is {_decibels(path.track_gain)}"
    if path.crossfades:
        return "tracks are crossfaded"
    if path.effects:
        return f"the effect {path.effects[0]} is heard"
    return ""


def _output(path: SignalPath) -> str:
    if path.volume != 1.0:
        return f"volume is {_decibels(path.volume)}"
    trim_db = path.output_config.get("trim_db", 0)
    if isinstance(trim_db, int | float) and trim_db != 0:
        return f"the output's own gain is {trim_db:g} dB"
    held = _OUTPUT_BITS.get(str(path.output_config.get("format")))
    bits = path.source.bits_per_sample
    if held is None or 0 < bits <= held:
        return ""
    if 0 < bits <= FLOAT_BITS:
        return f"{bits} bits of the source become {held}"
    return f"the source is decoded to float32, which becomes {held} bits"


def _kilohertz(rate_hz: int) -> str:
    return f"{rate_hz / 1000:g} kHz"


def _channels(count: int) -> str:
    return f"{count} channel{'' if count == 1 else 's'}"


def _decibels(gain: float) -> str:
    if gain <= 0:
        return "off"
    near = f"{20 * math.log10(gain):.2f}".rstrip("0").rstrip(".")
    return f"{gain:.9g} times" if near in ("0", "-0") else f"{near} dB"
