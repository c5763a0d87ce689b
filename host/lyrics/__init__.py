"""The words of tracks: who has them, what is remembered of them, and which line is sung at this moment.

Stands beside playback and library and knows neither: what plays, and where, is told from above.
"""

from host.lyrics.cache import LyricsCache
from host.lyrics.finder import Finder, Listing, Search
from host.lyrics.follower import Follower, Moment
from host.lyrics.found import Found
from host.lyrics.played import PlayedWords
from host.lyrics.providers import EMBEDDED, Embedded, PluginProvider, Provider, Step, Track
from host.lyrics.remembered import CACHE, Chosen, Remembered
from host.lyrics.song import Song

__all__ = [
    "CACHE",
    "EMBEDDED",
    "Chosen",
    "Embedded",
    "Finder",
    "Follower",
    "Found",
    "Listing",
    "LyricsCache",
    "Moment",
    "PlayedWords",
    "PluginProvider",
    "Provider",
    "Remembered",
    "Search",
    "Song",
    "Step",
    "Track",
]
