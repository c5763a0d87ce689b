"""The cover leaves the tags, whichever of its two forms it has; what is neither stays for the host to judge."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from plugin_worker.picture import MAX_COVER_BYTES, Picture, apart, fetched

TAGS = {"title": 'A "base64":"" of ö', "artist": "b"}


def told(cover: object, **tags: object) -> bytes:
    return json.dumps({**TAGS, "cover": cover, **tags}, ensure_ascii=False).encode()


def compact(cover: object, **tags: object) -> bytes:
    """As our decoders write it."""
    return json.dumps({**TAGS, "cover": cover, **tags}, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 1000, 1001, 1002])
def test_text_becomes_bytes(size: int) -> None:
    data = os.urandom(size)
    rest, picture = apart(compact({"mime": "image/png", "base64": base64.b64encode(data).decode()}, genre="c"))
    assert json.loads(rest) == {**TAGS, "genre": "c"}
    assert fetched(picture, -1) == data


def test_a_place_becomes_what_lies_there(tmp_path: Path) -> None:
    path = tmp_path / "media"
    path.write_bytes(b"before" + b"picture" + b"behind")
    rest, picture = apart(compact({"mime": "image/png", "offset": 6, "bytes": 7}))
    assert json.loads(rest) == TAGS
    with path.open("rb") as media:
        assert fetched(picture, media.fileno()) == b"picture"
        assert fetched(Picture(b"", 6, 8_000), media.fileno()) == b"", "the file ends within it"
    assert fetched(picture, -1) == b"", "no file, no place in it"


@pytest.mark.parametrize("digits", ["!", "AAAA!AAA", "A", "AAAAA", "\\u0041AAA", "ö"])
def test_what_is_no_base64_is_no_picture(digits: str) -> None:
    rest, picture = apart(b'{"title":"a","cover":{"mime":"x","base64":"' + digits.encode() + b'"}}')
    assert json.loads(rest) == {"title": "a"}
    assert fetched(picture, -1) == b""


@pytest.mark.parametrize(
    "text",
    [
        b'{"cover"',
        b'{"cover":',
        b'{"cover":{"base64":"AAAA',
        b'{"cover":{}}',
        b'{"cover":[]}',
        b'{"cover":"AAAA"}',
        b'{"cover":{"offset":"1","bytes":2}}',
        b'{"cover":{"offset":true,"bytes":2}}',
        b'{"base64":"AAAA","cover":{"base64":1}}',
        b'{"lyrics":{"base64":"AAAA"},"cover":{"base64":"BBBB"}}',
        b'["cover"]',
        b'{"cover":' + b"[" * 100_000,
        b'{"cover":{"offset":' + b"9" * 10_000 + b',"bytes":2}}',
    ],
)
def test_what_is_neither_form_stays_as_it_is(text: bytes) -> None:
    assert apart(text) == (text, None)


@pytest.mark.parametrize(
    "cover",
    [
        {"offset": 0, "bytes": MAX_COVER_BYTES + 1},
        {"offset": -1, "bytes": 2},
        {"offset": 1 << 70, "bytes": 2},
        {"offset": 0, "bytes": 0},
        {"base64": ""},
        {"base64": "A" * (MAX_COVER_BYTES // 3 * 4 + 8)},
    ],
)
def test_what_cannot_be_a_cover_is_left_out(cover: object) -> None:
    rest, picture = apart(compact(cover))
    assert (json.loads(rest), picture) == (TAGS, None)


def test_blanks_between_members_change_nothing() -> None:
    rest, picture = apart(told({"mime": "image/png", "base64": "AAAA"}))
    assert json.loads(rest) == TAGS
    assert fetched(picture, -1) == b"\0\0\0"
