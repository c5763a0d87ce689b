"""ID3v2 tags byte by byte, good and bad, and a WAV file that holds one."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.e2e.audio import noise, write_wav

__all__ = ["frame", "safe", "tag", "text", "wav_with"]


def safe(number: int) -> bytes:
    """28 bits, seven to a byte."""
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def frame(version: int, name: str, body: bytes, flags: int = 0, size: bytes | None = None) -> bytes:
    """``size``: as it is to stand there in place of the right one."""
    if version == 2:
        return name.encode() + (size or len(body).to_bytes(3, "big")) + body
    right = safe(len(body)) if version == 4 else struct.pack(">I", len(body))
    return name.encode() + (size or right) + struct.pack(">H", flags) + body


def text(version: int, name: str, value: str, encoding: int = 3) -> bytes:
    codec = ("latin-1", "utf-16", "utf-16-be", "utf-8")[encoding]
    return frame(version, name, bytes([encoding]) + value.encode(codec, "surrogatepass"))


def tag(version: int, *frames: bytes, flags: int = 0, size: int | None = None) -> bytes:
    body = b"".join(frames)
    return b"ID3" + bytes([version, 0, flags]) + safe(len(body) if size is None else size) + body


def wav_with(path: Path, held: bytes, name: bytes = b"id3 ") -> Path:
    """A second of sound, and a chunk with these bytes behind it."""
    write_wav(path, noise(4410))
    data = path.read_bytes() + name + struct.pack("<I", len(held)) + held + b"\0" * (len(held) % 2)
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    return path
