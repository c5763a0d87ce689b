"""What music there is: found by scans, kept in one database, searched, and arranged in playlists.

Owns the database and the folder of covers. It must never block the loop, and never touch what is played. This is the
face for those who look things up; scans have one of their own, host.library.scans, for they import half the host.
"""

from host.library.covers import CoverFolder
from host.library.database import Database
from host.library.facts import FileStamp, KnownFile, Problem, ProblemKind, Track
from host.library.found import Found
from host.library.overview import Album, Artist, Overview, Stats
from host.library.places import cover_folder, database_file
from host.library.playlists import LIKED, Entry, Playlist, Playlists
from host.library.query import FIELDS, parse_query
from host.library.search import Answer, Search
from host.library.store import Store

__all__ = [
    "FIELDS",
    "LIKED",
    "Album",
    "Answer",
    "Artist",
    "CoverFolder",
    "Database",
    "Entry",
    "FileStamp",
    "Found",
    "KnownFile",
    "Overview",
    "Playlist",
    "Playlists",
    "Problem",
    "ProblemKind",
    "Search",
    "Stats",
    "Store",
    "Track",
    "cover_folder",
    "database_file",
    "parse_query",
]
