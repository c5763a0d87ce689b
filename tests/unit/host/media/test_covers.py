"""Covers: known by their bytes alone, and of a bounded size."""

from __future__ import annotations

import pytest

from host.media import MAX_COVER_BYTES, Cover, read_cover

JPEG = b"\xff\xd8\xff\xe0 and the rest"


@pytest.mark.parametrize(
    ("data", "mime", "suffix"),
    [
        (JPEG, "image/jpeg", "jpg"),
        (b"\x89PNG\r\n\x1a\n and the rest", "image/png", "png"),
        (b"GIF87a and the rest", "image/gif", "gif"),
        (b"GIF89a and the rest", "image/gif", "gif"),
        (b"RIFF\0\0\0\0WEBPVP8 and the rest", "image/webp", "webp"),
    ],
)
def test_a_picture_is_what_its_bytes_say(data: bytes, mime: str, suffix: str) -> None:
    assert read_cover(data) == Cover(mime, suffix, data)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"BM and the rest", b"RIFF\0\0\0\0WAVE", b"<svg/>", b" " + JPEG])
def test_what_nobody_shows_is_none(data: bytes) -> None:
    assert read_cover(data) is None


def test_the_cap() -> None:
    whole = JPEG + bytes(MAX_COVER_BYTES - len(JPEG))
    assert read_cover(whole) is not None
    assert read_cover(whole + b"\0") is None
