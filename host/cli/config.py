"""The settings a command runs with."""

from __future__ import annotations

from dataclasses import replace

from host.cli.console import Console
from host.settings import Paths, Settings, load_settings

__all__ = ["paths_of", "settings_of"]


def paths_of(console: Console) -> Paths:
    """The user's, but for the configuration file that was chosen on the command line."""
    places = Paths.of_user()
    return replace(places, config_file=console.config_file) if console.config_file is not None else places


def settings_of(console: Console, paths: Paths) -> Settings:
    """The settings, their problems told."""
    settings = load_settings(paths.config_file, required=console.config_file is not None)
    for problem in settings.problems:
        console.warn(problem)
    return settings
