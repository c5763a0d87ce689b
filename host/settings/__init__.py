"""What can be set: sizes of the pipeline, limits of calls, loudness, configurations of plugins, and where files live.

Reads and changes one TOML file. A broken file, section or value is named and left at its default: it never stops the
host from starting. What a plugin's configuration may be is not known here.
"""

from host.settings.config_file import ConfigFile
from host.settings.lines import KeyPath, lines_of
from host.settings.loading import Settings, load_settings
from host.settings.paths import Paths
from host.settings.saved import NOTHING_SAVED, SavedConfig, SavedConfigs
from host.settings.sections import (
    MAX_CROSSFADE_S,
    MAX_RATE_HZ,
    MIN_RATE_HZ,
    SECTIONS,
    LibrarySettings,
    Limits,
    LogLevelWord,
    LogSettings,
    LostOutput,
    LyricsSettings,
    OutputSettings,
    PipelineSizes,
    PlaybackSettings,
    ReplayGain,
    ReplayGainMode,
    Section,
    complaint_about,
    section_schema,
)

__all__ = [
    "MAX_CROSSFADE_S",
    "MAX_RATE_HZ",
    "MIN_RATE_HZ",
    "NOTHING_SAVED",
    "SECTIONS",
    "ConfigFile",
    "KeyPath",
    "LibrarySettings",
    "Limits",
    "LogLevelWord",
    "LogSettings",
    "LostOutput",
    "LyricsSettings",
    "OutputSettings",
    "Paths",
    "PipelineSizes",
    "PlaybackSettings",
    "ReplayGain",
    "ReplayGainMode",
    "SavedConfig",
    "SavedConfigs",
    "Section",
    "Settings",
    "complaint_about",
    "lines_of",
    "load_settings",
    "section_schema",
]
