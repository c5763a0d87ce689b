"""From bytes to the lines of a playlist: whatever wrote it, wherever its lines end. Pure."""

from __future__ import annotations

import re

__all__ = ["lines_of", "text_of"]

#: Share of control characters in what is not UTF-8: text of any code page has none to speak of, noise has a ninth.
MAX_CONTROLS = 0.03
#: No others: what else counts as an end of line somewhere is a letter or a dash in old code pages.
_LINE_END = re.compile(r"\r\n|\r|\n")


def text_of(data: bytes) -> str | None:
    """The text; None when these bytes are none.

    What is not UTF-8 is read as what calls itself Latin-1 most of the time: code page 1252, or else the real one.
    """
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    controls = sum(char < " " and char not in "\t\r\n" for char in text)
    if controls > len(text) * MAX_CONTROLS:
        return None
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return text


def lines_of(text: str) -> list[str]:
    """Without white space around them; empty ones, too, so that they can be counted."""
    return [line.strip() for line in _LINE_END.split(text)]
