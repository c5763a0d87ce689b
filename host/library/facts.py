"""What the library keeps of a file, as facts: found by a scan, kept by the store, answered by searches. Pure."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from host.media import NO_TAGS, Tags
from host.records import record

__all__ = [
    "MARKS_BETWEEN",
    "MARK_PARTS",
    "FileStamp",
    "KnownFile",
    "Problem",
    "ProblemKind",
    "Track",
    "duration_ms_of",
    "file_of_mark",
    "folder_of",
    "mark_of_file",
]

#: Path as the system has it, size in bytes, time of change in ns: bare, for there are a hundred thousand of them.
KnownFile: TypeAlias = tuple[bytes, int, int]

#: What a plugin tells may be larger than any column.
_NEVER_MS = 1 << 53
#: A file and its stamp as one text, ``PATH//SIZE//MTIME_NS``: no path has two slashes in a row but at its begin.
MARK_PARTS = "//"
MARKS_BETWEEN = b"///"


def mark_of_file(path: bytes, size_bytes: int, mtime_ns: int) -> bytes:
    """That text."""
    return b"%b//%d//%d" % (path, size_bytes, mtime_ns)


def file_of_mark(mark: bytes) -> KnownFile:
    """What such a text says."""
    path, size_bytes, mtime_ns = mark.rsplit(b"//", 2)
    return path, int(size_bytes), int(mtime_ns)


def folder_of(path: bytes) -> bytes:
    """The folder that a file stands in, with the slash behind it."""
    return path[: path.rfind(b"/") + 1]


@record
class FileStamp:
    """By which a file is known to be unchanged. ``mtime_ns`` counts from 1970."""

    size_bytes: int
    mtime_ns: int


@record
class Track:
    """One playable file as a scan found it.

    ``decoder``: ``plugin:type``. ``decoder_mark``: a text that changes when the plugin does. ``container``: a word such
    as ``flac``. ``bits``: per sample of the source, 0 where that means nothing. ``cover``: SHA-256 in hex of a picture
    in the covers folder.
    """

    path: Path
    stamp: FileStamp
    decoder: str
    decoder_mark: str
    container: str
    rate_hz: int
    channels: int
    bits: int = 0
    duration_ms: int | None = None
    tags: Tags = NO_TAGS
    cover: str | None = None


def duration_ms_of(told_ms: int, frames: int, rate_hz: int) -> int | None:
    """By the frames where these are known, else as told (0: not known); None for what no track lasts."""
    duration_ms = frames * 1000 // rate_hz if frames else told_ms
    return duration_ms if 0 < duration_ms < _NEVER_MS else None


class ProblemKind(StrEnum):
    """What became of a decoder that was given a file."""

    CRASHED = "crashed"
    HUNG = "hung"
    UNREADABLE = "unreadable"


@record
class Problem:
    """A file that a decoder could not be given, or could not read. ``mark``: of the plugin, as in ``Track``."""

    path: Path
    stamp: FileStamp
    plugin_id: str
    type_id: str
    mark: str
    kind: ProblemKind
    reason: str
