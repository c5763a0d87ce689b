"""Text of unknown origin does nothing to a terminal."""

from __future__ import annotations

import pytest

from host.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü", "plain ü"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\x07\x9b", "a\\x07\\x9b"),
        ("a\u202eb", "a\\u202eb"),
        ("a\tb", "a\\tb"),
    ],
)
def test_nothing_can_move_the_cursor(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert shown.isprintable()
