"""The cover in what a decoder tells of a file: taken out of the tags, and fetched for those who want it.

It is a text in the answer, or a place in the file, so that nobody pays for a picture who asks for tags.
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from plugin_worker._core import ffi, lib

__all__ = ["MAX_COVER_BYTES", "Picture", "apart", "fetched"]

MAX_COVER_BYTES = 12 << 20


_BEGINS = b'"base64":"'


class Picture(NamedTuple):
    """Bytes as base64, or where they lie in the file."""

    base64: bytes
    offset: int
    size_bytes: int


def apart(text: bytes) -> tuple[bytes, Picture | None]:
    """Tags and picture. What is no JSON object, or holds no picture that can be, stays as it is: the host judges it."""
    if b'"cover"' not in text:
        return text, None
    short, digits = _without_digits(text)
    try:
        members = json.loads(short)
        cover = members.pop("cover")
        if digits and cover["base64"] != "":  # they are of something else
            return text, None
        rest = json.dumps(members, ensure_ascii=False).encode()
        return rest, _picture(cover, digits)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text, None


def _without_digits(text: bytes) -> tuple[bytes, bytes]:
    """The text with the longest of its members empty, so that nobody parses it, and what stood there.

    In a JSON text these bytes stand where a member is and nowhere else: inside of a string its quotes are escaped.
    """
    begin = text.find(_BEGINS) + len(_BEGINS)
    end = text.find(b'"', begin) if begin >= len(_BEGINS) else -1
    return (text[:begin] + text[end:], text[begin:end]) if end > begin else (text, b"")


def _picture(cover: dict[str, object], digits: bytes) -> Picture | None:
    """None for one that is too large to be a cover. Raises: KeyError, TypeError: it is neither of the two forms."""
    if "base64" in cover:
        held = cover["base64"]
        if not isinstance(held, str):
            raise TypeError("base64 is a text")
        digits = digits or held.encode()
        return Picture(digits, 0, 0) if 0 < len(digits) <= (MAX_COVER_BYTES + 2) // 3 * 4 else None
    offset, size_bytes = cover["offset"], cover["bytes"]
    if type(offset) is not int or type(size_bytes) is not int:
        raise TypeError("places are whole numbers")
    return Picture(b"", offset, size_bytes) if 0 <= offset < 1 << 62 and 0 < size_bytes <= MAX_COVER_BYTES else None


def fetched(picture: Picture | None, media: int) -> bytes:
    """Its bytes; empty where it cannot be had. ``media``: the descriptor of the file, -1 for an input that is none."""
    if picture is None:
        return b""
    if picture.base64:
        return _decoded(picture.base64)
    try:
        data = os.pread(media, picture.size_bytes, picture.offset) if media >= 0 else b""
    except OSError:
        return b""
    return data if len(data) == picture.size_bytes else b""


def _decoded(digits: bytes) -> bytes:
    """Empty where they are no base64, or too many."""
    out = bytearray(len(digits) // 4 * 3 + 3)
    # SAFETY: `out` has three bytes for each four digits begun.
    size_bytes = lib.st_base64_decode(digits, len(digits), ffi.from_buffer(out))
    count = len(digits.rstrip(b"="))
    whole = size_bytes == count * 3 // 4 and count % 4 != 1
    return bytes(out[:size_bytes]) if whole and size_bytes <= MAX_COVER_BYTES else b""
