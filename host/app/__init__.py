"""Composition root: the one room that knows all others. It puts a host together, and offers what can be asked of it."""

from host.app.application import Application
from host.app.catalogues import Catalogues
from host.app.chain_commands import MAX_INSTANCES
from host.app.lyrics_commands import LyricsCommands
from host.app.playback_setup import PlaybackSetup
from host.app.scan_host import ScanHost, scan_host
from host.app.status import elapsed
from host.app.wiring import TAKEN_NAMES, Plugins, files_from_here, files_to_write, free_name, output, stage

__all__ = [
    "MAX_INSTANCES",
    "TAKEN_NAMES",
    "Application",
    "Catalogues",
    "LyricsCommands",
    "Plugins",
    "PlaybackSetup",
    "ScanHost",
    "elapsed",
    "files_from_here",
    "files_to_write",
    "free_name",
    "output",
    "scan_host",
    "stage",
]
