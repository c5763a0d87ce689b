"""PLS: numbered keys, ``File1``, ``Title1``, in any order. Pure."""

from __future__ import annotations

import re

from host.playlists.listed import Listed, hints_of
from host.playlists.text import lines_of

__all__ = ["read_pls"]

_KEY = re.compile(r"(File|Title)(\d{1,9})\s*=\s*(.+)", re.IGNORECASE)


def read_pls(text: str) -> list[Listed]:
    """All that it lists, by number; a number that was given twice counts twice."""
    names: list[tuple[int, str]] = []
    titles: dict[int, str] = {}
    for line in lines_of(text):
        match = _KEY.fullmatch(line)
        if match is None:
            continue
        number = int(match[2])
        if match[1].lower() == "file":
            names.append((number, match[3]))
        else:
            titles[number] = match[3]
    names.sort(key=lambda numbered: numbered[0])
    return [Listed(name, hints_of(titles.get(number, ""))) for number, name in names]
