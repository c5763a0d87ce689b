"""FLAC files with the tags that a test wants, written into what `render` made."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

__all__ = ["tag_flac"]

_LAST = 0x80
_VORBIS_COMMENT = 4


def tag_flac(path: Path, tags: Mapping[str, str]) -> None:
    """Leaves STREAMINFO, these comments, and the audio (RFC 9639, section 8)."""
    data = path.read_bytes()
    assert data[:4] == b"fLaC" and data[4] & 0x7F == 0
    at, last = 4, False
    while not last:
        last = bool(data[at] & _LAST)
        at += 4 + int.from_bytes(data[at + 1 : at + 4], "big")
    texts = [f"{name}={value}".encode() for name, value in tags.items()]
    body = struct.pack("<II", 0, len(texts)) + b"".join(struct.pack("<I", len(text)) + text for text in texts)
    head = bytes([_VORBIS_COMMENT | _LAST]) + len(body).to_bytes(3, "big")
    path.write_bytes(b"fLaC" + bytes([0]) + data[5:42] + head + body + data[at:])
