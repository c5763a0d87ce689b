"""Which of the tracks found is meant most: pure.

A word counts by how much of it is there: all of it 1, as the begin of another the share of that one, in place of
another their share of trigrams; times the weight of the text it stands in. What is a whole title, artist or album
comes before what has the words among others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from host.library.query import FREE, Text

__all__ = ["score"]

_WEIGHTS = {
    "title": 1.0,
    "artist": 0.95,
    "album": 0.9,
    "album_artist": 0.9,
    "composer": 0.5,
    "genre": 0.4,
    "file": 0.3,
    "folder": 0.3,
}
_ALL = (*FREE, "folder")
_HEADS = ("title", "artist", "album")
_IS_ALL = 2.0
_BEGINS = 0.5


def score(texts: Sequence[str], wanted: Sequence[Text], similar: Mapping[str, Mapping[str, float]]) -> float:
    """``texts``: folded words, as FREE and the folder. ``similar``: of a word, others and their share in common."""
    total = 0.0
    by_column = dict(zip(_ALL, texts, strict=True))
    for term in wanted:
        phrase = " ".join(term.words)
        others = similar.get(phrase)
        best = 0.0
        for column in term.columns:
            text = by_column[column]
            if others or phrase in text:
                best = max(best, _WEIGHTS[column] * _presence(phrase, text, others or {}))
        total += best
    phrase = " ".join(word for term in wanted for word in term.words)
    heads = [by_column[column] for column in _HEADS]
    if phrase in heads:
        total += _IS_ALL * _WEIGHTS[_HEADS[heads.index(phrase)]]
    elif any(head.startswith(f"{phrase} ") for head in heads):
        total += _BEGINS
    return total


def _presence(phrase: str, text: str, similar: Mapping[str, float]) -> float:
    if phrase in text:
        within = f" {text} "
        if f" {phrase} " in within:
            return 1.0
        at = within.find(f" {phrase}")
        if at >= 0:
            end = within.index(" ", at + 1 + len(phrase))
            return 0.95 * len(phrase) / (end - at - 1)
    if not similar:
        return 0.0
    return 0.9 * max((similar.get(word, 0.0) for word in text.split(" ")), default=0.0)
