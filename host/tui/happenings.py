"""Faults and events as lines: when, who, what, and what was done about it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rich.text import Text

from host.cli.clock import clock
from host.cli.rows import number, text, texts
from host.cli.talking import short
from host.jsontext import JsonObject

__all__ = ["event_line", "fault_text", "noted"]

_Told = tuple[str, str]


def noted(style: str, words: str, time_s: float | None = None) -> Text:
    """One line of the log at a time of day; without one, of some time before."""
    when = "before  " if time_s is None else f"{datetime.fromtimestamp(time_s).astimezone():%H:%M:%S}"
    return Text.assemble((when, "dim"), "  ", (words, style))


def event_line(event: JsonObject) -> Text | None:
    """What people want to read of an event; None: nothing."""
    data = event.get("data")
    tell = _EVENTS.get(str(event.get("event")))
    told = tell(data) if tell is not None and isinstance(data, dict) else None
    return None if told is None else noted(*told, number(event, "time"))


def fault_text(fault: JsonObject) -> str:
    """``dsp.gain gen 3: crash in process: SIGSEGV -> restart``; of an event, or of a status."""
    call = f" in {text(fault, 'call')}" if fault.get("call") else ""
    who = f"{short(text(fault, 'plugin_id' if 'plugin_id' in fault else 'plugin'))} gen {text(fault, 'generation')}"
    return f"{who}: {text(fault, 'cause')}{call}: {text(fault, 'how')} -> {text(fault, 'action')}"


def _mended(data: JsonObject) -> _Told:
    lost = number(data, "gap_frames") or 0
    step = f"gen {text(data, 'old_generation')} -> {text(data, 'generation')}"
    heard = "nothing heard of it" if data.get("first") is None else f"heard, grade {text(data, 'grade')}"
    words = f"{text(data, 'name')} ({short(text(data, 'plugin_id'))}): {step}: {text(data, 'cause')}; {heard}"
    return "green" if not lost else "yellow", f"{words}, {lost:.0f} frames lost"


def _updated(data: JsonObject) -> _Told:
    status, reason = text(data, "status"), f": {text(data, 'reason')}" if data.get("reason") else ""
    style = "yellow" if status in ("rejected", "failed") else ""
    return style, f"{text(data, 'name')}: configuration {text(data, 'config_gen')} {status}{reason}"


def _reloaded(data: JsonObject) -> _Told:
    problems = texts(data, "problems")
    words = "; ".join([*texts(data, "changed"), *problems]) or "nothing changed"
    return "yellow" if problems else "", f"the configuration was read again: {words}"


def _back(data: JsonObject) -> _Told:
    cost = f"after {number(data, 'away_s') or 0:.1f} s, {text(data, 'frames_lost')} frames lost"
    return "green", f"{short(text(data, 'plugin_id'))}: the output is back {cost}"


def _state(data: JsonObject) -> _Told:
    return ("red", f"stopped: {text(data, 'error')}") if data.get("error") else ("dim", text(data, "state"))


def _ended(data: JsonObject) -> _Told | None:
    return ("red", f"{text(data, 'label')}: {text(data, 'error')}") if data.get("error") else None


_EVENTS: dict[str, Callable[[JsonObject], _Told | None]] = {
    "plugin.fault": lambda data: ("bold red", fault_text(data)),
    "stage.bypassed": lambda data: (
        "bold yellow",
        f"{text(data, 'name')} ({short(text(data, 'plugin_id'))}): left out: {text(data, 'cause')}",
    ),
    "stage.given_up": lambda data: (
        "bold red",
        f"{text(data, 'name')} ({short(text(data, 'plugin_id'))}): given up: {text(data, 'error')}",
    ),
    "stage.mended": _mended,
    "host.instance.config_update": _updated,
    "host.config.reloaded": _reloaded,
    "playback.state": _state,
    "output.lost": lambda data: (
        "bold red",
        f"{short(text(data, 'plugin_id'))}: the output is lost: {text(data, 'reason')} -> {text(data, 'then')}",
    ),
    "output.back": _back,
    "track.title": lambda data: ("", f"now: {text(data, 'title')}"),
    "track.heard": lambda data: ("", f"plays {text(data, 'label').rpartition('/')[2]}"),
    "track.seeked": lambda data: ("dim", f"goes on at {clock(number(data, 'to_s'))}"),
    "track.ended": _ended,
}
