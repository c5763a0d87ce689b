"""From the file to settings: what is wrong in it is named, and left at its default."""

from __future__ import annotations

import tomllib
from dataclasses import field, replace
from pathlib import Path
from typing import Any, TypeVar

from host.records import record
from host.settings.saved import NOTHING_SAVED, PLUGINS, SavedConfigs, read_saved
from host.settings.sections import (
    SECTIONS,
    LibrarySettings,
    Limits,
    LogSettings,
    LyricsSettings,
    OutputSettings,
    PipelineSizes,
    PlaybackSettings,
    ReplayGain,
    complaint_about,
    setting_from,
)

__all__ = ["Settings", "load_settings"]


@record
class Settings:
    """All settings, and what was wrong in the file they came from (one line each).

    ``unread``: the file could not be read or understood, so all is at its default. ``plugins``: configurations of
    types, as they were saved; whether they fit is not known yet.
    """

    pipeline: PipelineSizes = field(default_factory=PipelineSizes)
    limits: Limits = field(default_factory=Limits)
    replay_gain: ReplayGain = field(default_factory=ReplayGain)
    output: OutputSettings = field(default_factory=OutputSettings)
    log: LogSettings = field(default_factory=LogSettings)
    problems: tuple[str, ...] = ()
    plugins: SavedConfigs = NOTHING_SAVED
    unread: bool = False
    playback: PlaybackSettings = field(default_factory=PlaybackSettings)
    lyrics: LyricsSettings = field(default_factory=LyricsSettings)
    library: LibrarySettings = field(default_factory=LibrarySettings)


Section = TypeVar(
    "Section",
    PipelineSizes,
    Limits,
    ReplayGain,
    OutputSettings,
    PlaybackSettings,
    LyricsSettings,
    LibrarySettings,
    LogSettings,
)


def _read_section(defaults: Section, name: str, table: object, problems: list[str]) -> Section:
    if not isinstance(table, dict):
        problems.append(f"[{name}] must be a table; it is ignored")
        return defaults
    chosen: dict[str, Any] = {}
    for key, value in table.items():
        complaint = complaint_about(defaults, key, value)
        if complaint:
            problems.append(f"[{name}] {complaint}; it is ignored")
        else:
            chosen[key] = setting_from(defaults, key, value)
    return replace(defaults, **chosen)


def load_settings(path: Path, *, required: bool = False) -> Settings:
    """Reads the file; an absent one gives the defaults, and a problem only when it was asked for (`required`)."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings(problems=(f"{path}: no such file; the defaults are used",)) if required else Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        return Settings(problems=(f"{path}: {error}; the defaults are used",), unread=True)
    problems: list[str] = []
    pipeline = _read_section(PipelineSizes(), "pipeline", document.pop("pipeline", {}), problems)
    limits = _read_section(Limits(), "limits", document.pop("limits", {}), problems)
    gain = _read_section(ReplayGain(), "replaygain", document.pop("replaygain", {}), problems)
    output = _read_section(OutputSettings(), "output", document.pop("output", {}), problems)
    playback = _read_section(PlaybackSettings(), "playback", document.pop("playback", {}), problems)
    lyrics = _read_section(LyricsSettings(), "lyrics", document.pop("lyrics", {}), problems)
    library = _read_section(LibrarySettings(), "library", document.pop("library", {}), problems)
    log = _read_section(LogSettings(), "log", document.pop("log", {}), problems)
    plugins = read_saved(document.pop(PLUGINS, {}), str(path), problems)
    known = ", ".join((*SECTIONS, PLUGINS))
    problems.extend(f"[{name}] is unknown and ignored; known are {known}" for name in document)
    told = tuple(f"{path}: {problem}" for problem in problems)
    return Settings(
        pipeline, limits, gain, output, log, told, plugins, playback=playback, lyrics=lyrics, library=library
    )
