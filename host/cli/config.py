"""The settings a command runs with."""

from __future__ import annotations

from host.cli.console import Console
from host.settings import Paths, Settings, load_settings

__all__ = ["settings_of"]


def settings_of(console: Console, paths: Paths) -> Settings:
    """The settings, their problems told."""
    chosen = console.config_file
    settings = load_settings(chosen or paths.config_file, required=chosen is not None)
    for problem in settings.problems:
        console.warn(problem)
    return settings
