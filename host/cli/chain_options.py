"""What people type for a chain, taken apart: ``--dsp``, ``--output``, ``--start``, ``--length``, ``--volume``. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from host.jsontext import JsonObject, parse_json

__all__ = ["DspOption", "OutputOption", "parse_dsp", "parse_output", "parse_time", "parse_volume"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_DSP_TYPE = re.compile(r"[a-z0-9][a-z0-9._-]*(?::[a-z][a-z0-9._-]*)?")
_SECOND_PART = re.compile(r"([a-z][a-z0-9._-]*)(:|$)")
_TYPE = re.compile(r"[a-z0-9][a-z0-9._-]*")
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class DspOption:
    """``[NAME=]TYPE[:JSON]``; ``name`` addresses the instance later, ``named`` when it was given and not derived."""

    name: str
    type_name: str
    config: JsonObject | None
    named: bool = False


@dataclass(frozen=True, slots=True)
class OutputOption:
    """``TYPE[:TARGET]``."""

    type_name: str
    target: str | None


def parse_dsp(text: str) -> DspOption:
    """Raises: ValueError with a text for people."""
    head, colon, config_text = text.partition(":")
    second = _SECOND_PART.match(config_text)
    if second:  # PLUGIN:TYPE
        head, colon, config_text = f"{head}:{second[1]}", second[2], config_text[second.end() :]
    name, equals, type_name = head.rpartition("=")
    if equals and not _NAME.fullmatch(name):
        raise ValueError(f'the name "{name}" must be letters, digits, - and _')
    if not _DSP_TYPE.fullmatch(type_name):
        raise ValueError(
            f'"{type_name}" is no name of an effect; write [NAME=]TYPE[:JSON], such as gain:{{"gain_db": -3}}'
        )
    config = _object(config_text) if colon else None
    return DspOption(name or type_name.replace(":", ".").rpartition(".")[2], type_name, config, bool(equals))


def _object(text: str) -> JsonObject:
    try:
        value = parse_json(text)
    except ValueError as error:
        raise ValueError(f"the configuration is wrong: {error}") from error
    if not isinstance(value, dict):
        raise ValueError('the configuration must be a JSON object, such as {"gain_db": -3}')
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
        ValueError: anything else, or 60 and more where a minute or hour holds fewer.
    """
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise ValueError(f'"{text}" is no time; write seconds (12.5), minutes (1:02.5) or hours (1:02:03)')
    hours, minutes, seconds = match[1], match[2], Fraction(match[3])
    if (minutes is not None and seconds >= 60) or (hours is not None and int(minutes) >= 60):
        raise ValueError(f'"{text}" is no time: 60 and more where less fits')
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + seconds


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
