"""What music there is: found by scans, kept in one database, searched, and arranged in playlists.

Owns the database and the folder of covers. It must never block the loop, and never touch what is played.
"""

from host.library.covers import CoverFolder
from host.library.database import Database
from host.library.facts import FileStamp, KnownFile, Problem, ProblemKind, Track
from host.library.found import Found
from host.library.ledger import CoverKeeper
from host.library.overview import Album, Artist, Overview, Stats
from host.library.places import cover_folder, database_file
from host.library.playlists import LIKED, Entry, Playlist, Playlists
from host.library.query import FIELDS, parse_query
from host.library.scanning import Scanning
from host.library.search import Answer, Search
from host.library.store import Store
from host.library.tally import Tally
from host.library.watch import POLL_S, Watch

__all__ = [
    "FIELDS",
    "LIKED",
    "POLL_S",
    "Album",
    "Answer",
    "Artist",
    "CoverFolder",
    "CoverKeeper",
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
    "Scanning",
    "Search",
    "Stats",
    "Store",
    "Tally",
    "Track",
    "Watch",
    "cover_folder",
    "database_file",
    "parse_query",
]
