"""A library with some tracks in it, for tests."""

from __future__ import annotations

from pathlib import Path

from host.library import FileStamp, Track
from host.media import Tags
from host.where import label_of

__all__ = ["track"]


def track(path: str | Path, tags: Tags | None = None, size_bytes: int = 1000) -> Track:
    """A track as a scan would find it."""
    return Track(
        path=Path(path),
        stamp=FileStamp(size_bytes, 1_700_000_000_000_000_001),
        decoder="stellatune.flac:flac",
        decoder_mark="1",
        container="flac",
        rate_hz=44_100,
        channels=2,
        bits=16,
        duration_ms=200_000,
        tags=tags or Tags(title=label_of(Path(Path(path).stem))),
    )
