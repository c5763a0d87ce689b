"""What people type for a chain, taken apart: effects, sources, outputs, times, formats and volumes. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from host.errors import ConfigRejected
from host.ids import is_effect_name
from host.jsontext import JsonObject, parse_json
from host.records import record
from host.settings import MAX_CROSSFADE_S, MAX_RATE_HZ, MIN_RATE_HZ, OutputSettings, complaint_about

__all__ = [
    "DspOption",
    "FormatOption",
    "OutputOption",
    "SourceOption",
    "parse_channels",
    "parse_dsp",
    "parse_output",
    "parse_rate",
    "parse_source",
    "parse_time",
    "parse_volume",
]

RATE_WORDS = ("track", "best")
#: 31 years: more than any file holds, and every count of frames still fits its word.
MAX_TIME_S = 10**9
MAX_TIME_CHARS = 100

_DSP_TYPE = re.compile(r"[a-z0-9][a-z0-9._-]*(?::[a-z][a-z0-9._-]*)?")
_SECOND_PART = re.compile(r"([a-z][a-z0-9._-]*)(:|$)")
_JSON_WORDS = ("null", "true", "false")
_TYPE = re.compile(r"[a-z0-9][a-z0-9._-]*")
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)")


@record
class DspOption:
    """``[NAME=]TYPE[:JSON]``; ``name`` addresses the instance later, ``named`` when it was given and not derived."""

    name: str
    type_name: str
    config: JsonObject | None
    named: bool = False


@record
class FormatOption:
    """What was said about the format of the chain; None: what is set holds."""

    rate: int | str | None = None
    resampler: str | None = None
    channels: int | str | None = None
    lfe: str | None = None

    def over(self, settings: OutputSettings) -> OutputSettings:
        """The settings with what was said."""
        match self.rate:
            case int():
                settings = replace(settings, rate="fixed", rate_hz=self.rate)
            case str():
                settings = replace(settings, rate=self.rate)
        return replace(
            settings,
            resampler=self.resampler or settings.resampler,
            channels=self.channels or settings.channels,
            lfe=self.lfe or settings.lfe,
        )


@record
class SourceOption:
    """``TYPE[:JSON]``."""

    type_name: str
    config: JsonObject | None


@record
class OutputOption:
    """``TYPE[:TARGET]``."""

    type_name: str
    target: str | None


def parse_dsp(text: str) -> DspOption:
    """Raises: ValueError with a text for people; ConfigRejected when that is wrong which follows the type."""
    head, config_text = _parted(text)
    name, equals, type_name = head.rpartition("=")
    if equals and not is_effect_name(name):
        raise ValueError(f'the name "{name}" must be letters, digits, - and _')
    if not _DSP_TYPE.fullmatch(type_name):
        raise ValueError(
            f'"{type_name}" is no name of an effect; write [NAME=]TYPE[:JSON], such as gain:{{"gain_db": -3}}'
        )
    config = None if config_text is None else _object(type_name, config_text)
    return DspOption(name or type_name.replace(":", ".").rpartition(".")[2], type_name, config, bool(equals))


def parse_source(text: str) -> SourceOption:
    """Raises: ValueError with a text for people; ConfigRejected when that is wrong which follows the type."""
    type_name, config_text = _parted(text)
    if not _DSP_TYPE.fullmatch(type_name):
        raise ValueError(
            f'"{type_name}" is no name of a source; write TYPE[:JSON], such as folder:{{"root": "/your/music"}}'
        )
    return SourceOption(type_name, None if config_text is None else _object(type_name, config_text))


def _parted(text: str) -> tuple[str, str | None]:
    """The name of a type, which may be PLUGIN:TYPE, and what stands behind its colon."""
    head, colon, config_text = text.partition(":")
    second = _SECOND_PART.match(config_text)
    if second and config_text not in _JSON_WORDS:
        head, colon, config_text = f"{head}:{second[1]}", second[2], config_text[second.end() :]
    return head, config_text if colon else None


def _object(owner: str, text: str) -> JsonObject:
    try:
        value = parse_json(text)
    except ValueError as error:
        raise ConfigRejected(f"config of {owner}: {error}", remedy='write it as {"name": value}') from error
    if not isinstance(value, dict):
        raise ConfigRejected(f"config of {owner}: must be a JSON object", remedy='write it as {"name": value}')
    return value


def parse_output(text: str) -> OutputOption:
    """Raises: ValueError with a text for people."""
    type_name, colon, target = text.partition(":")
    if not _TYPE.fullmatch(type_name):
        raise ValueError(f'"{type_name}" is no name of an output; write TYPE[:TARGET], such as system or null')
    if colon and not target:
        raise ValueError(f'nothing after "{type_name}:"; write TYPE:TARGET or TYPE alone')
    return OutputOption(type_name, target if colon else None)


def parse_time(text: str) -> Fraction:
    """Seconds from ``12.5``, ``1:02.5`` or ``1:02:03``, exactly.

    Raises:
        ValueError: anything else, 60 and more where a minute or hour holds fewer, or longer than anything lasts.
    """
    if len(text) > MAX_TIME_CHARS:
        raise ValueError(f'"{text[:10]}..." is no time: it has {len(text)} characters')
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise ValueError(f'"{text}" is no time; write seconds (12.5), minutes (1:02.5) or hours (1:02:03)')
    hours, minutes, seconds = match[1], match[2], Fraction(match[3])
    if (minutes is not None and seconds >= 60) or (hours is not None and int(minutes) >= 60):
        raise ValueError(f'"{text}" is no time: 60 and more where less fits')
    total = int(hours or 0) * 3600 + int(minutes or 0) * 60 + seconds
    if total > MAX_TIME_S:
        raise ValueError(f'"{text}" is no time that anything lasts; {MAX_TIME_S} seconds are the most')
    return total


def parse_rate(text: str) -> int | str:
    """A sample rate in Hz, or how one is found. Raises: ValueError with a text for people."""
    if text in RATE_WORDS:
        return text
    rate = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_RATE_HZ)) else 0
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        raise ValueError(
            f'"{text}" is no sample rate; write a whole number from {MIN_RATE_HZ} to {MAX_RATE_HZ}, track or best'
        )
    return rate


def parse_channels(text: str) -> int | str:
    """How many channels, or whose. Raises: ValueError with a text for people."""
    channels = int(text) if text.isascii() and text.isdecimal() and len(text) == 1 else text
    if complaint_about(OutputSettings(), "channels", channels):
        raise ValueError(f'"{text}" is no number of channels; write a whole number from 1 to 8, track or stereo')
    return channels


def parse_crossfade(text: str) -> float:
    """How long tracks fade into each other, in seconds. Raises: ValueError with a text for people."""
    seconds = parse_time(text)
    if seconds > MAX_CROSSFADE_S:
        raise ValueError(f'"{text}" is too long; tracks fade into each other within {MAX_CROSSFADE_S} s at most')
    return float(seconds)


def parse_volume(text: str) -> float:
    """A linear gain from percent, 0 to 100.

    Raises:
        ValueError: out of range or no number.
    """
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise ValueError(f'"{text}" is no volume; write a number from 0 to 100')
    return percent / 100
