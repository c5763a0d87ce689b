"""The cover in what a decoder tells of a file: taken out of the tags, and fetched for those who want it.

It is a text in the answer, or a place in the file, so that nobody pays for a picture who asks for tags.
"""

from __future__ import annotations

import base64
import json
import os
from typing import NamedTuple

__all__ = ["MAX_COVER_BYTES", "Picture", "apart", "fetched"]

MAX_COVER_BYTES = 12 << 20


class Picture(NamedTuple):
    """Bytes as base64, or where they lie in the file."""

    base64: str
    offset: int
    size_bytes: int


def apart(text: bytes) -> tuple[bytes, Picture | None]:
    """Tags and picture. What is no JSON object, or holds no picture that can be, stays as it is: the host judges it."""
    if b'"cover"' not in text:
        return text, None
    try:
        members = json.loads(text)
        cover = members.pop("cover")
        rest = json.dumps(members, ensure_ascii=False).encode()
        picture = _picture(cover)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text, None
    return rest, picture


def _picture(cover: dict[str, object]) -> Picture | None:
    """None for one that is too large to be a cover. Raises: KeyError, TypeError: it is neither of the two forms."""
    if "base64" in cover:
        held = cover["base64"]
        if not isinstance(held, str):
            raise TypeError("base64 is a text")
        return Picture(held, 0, 0) if len(held) <= MAX_COVER_BYTES * 4 // 3 + 4 else None
    offset, size_bytes = cover["offset"], cover["bytes"]
    if type(offset) is not int or type(size_bytes) is not int:
        raise TypeError("places are whole numbers")
    return Picture("", offset, size_bytes) if 0 <= offset < 1 << 62 and 0 < size_bytes <= MAX_COVER_BYTES else None


def fetched(picture: Picture | None, media: int) -> bytes:
    """Its bytes; empty where it cannot be had. ``media``: the descriptor of the file, -1 for an input that is none."""
    if picture is None:
        return b""
    try:
        if picture.base64:
            data = base64.b64decode(picture.base64, validate=True)
        elif media >= 0:
            data = os.pread(media, picture.size_bytes, picture.offset)
            data = data if len(data) == picture.size_bytes else b""
        else:
            data = b""
    except (ValueError, OSError):
        return b""
    return data if len(data) <= MAX_COVER_BYTES else b""
