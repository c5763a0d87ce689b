"""What music there is: found by scans, kept in one database, searched, and arranged in playlists.

Owns the database and the folder of covers. It must never block the loop, and never touch what is played.
"""

from host.library.database import Database
from host.library.facts import FileStamp, KnownFile, Problem, ProblemKind, Track
from host.library.ledger import CoverKeeper
from host.library.scan import Tally
from host.library.scanning import Scanning
from host.library.store import Store

__all__ = [
    "CoverKeeper",
    "Database",
    "FileStamp",
    "KnownFile",
    "Problem",
    "ProblemKind",
    "Scanning",
    "Store",
    "Tally",
    "Track",
]
