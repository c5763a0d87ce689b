"""Where the library's files are."""

from __future__ import annotations

from pathlib import Path

from host.library.covers import CoverFolder
from host.settings import LibrarySettings, Paths

__all__ = ["cover_folder", "database_file"]


def database_file(settings: LibrarySettings, paths: Paths) -> Path:
    """The database: as set, else in the data directory."""
    return Path(settings.database).expanduser() if settings.database else paths.data_dir / "library.db"


def cover_folder(settings: LibrarySettings, database: Path) -> CoverFolder:
    """The covers: beside the database."""
    return CoverFolder(database.with_name(f"{database.stem}-covers"), settings.cover_kib << 10)
