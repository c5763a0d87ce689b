"""A picture as a fact of the host: pure. What it is, its first bytes say; what a file claims counts for nothing."""

from __future__ import annotations

from host.records import record

__all__ = ["MAX_COVER_BYTES", "Cover", "read_cover"]

MAX_COVER_BYTES = 12 << 20

_KINDS = (
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"GIF87a", "image/gif", "gif"),
    (b"GIF89a", "image/gif", "gif"),
)


@record
class Cover:
    """``suffix``: of a file that holds it, without dot."""

    mime: str
    suffix: str
    data: bytes


def read_cover(data: bytes) -> Cover | None:
    """The picture in bytes of whatever origin; None for what is none that others can show, or longer than 12 MiB."""
    if len(data) > MAX_COVER_BYTES:
        return None
    for begins, mime, suffix in _KINDS:
        if data.startswith(begins):
            return Cover(mime, suffix, data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Cover("image/webp", "webp", data)
    return None
