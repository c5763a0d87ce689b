"""Texts as words that can be found: folded, parted, and their trigrams. Pure.

Case, accents and width do not count. Scripts that write without spaces are parted into single characters, so that a
phrase of them finds any run of them.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["MIN_SIMILAR_CHARS", "padded", "similarity", "trigrams_of", "words_of"]

#: A word of one or two characters has too little to be mistaken for another.
MIN_SIMILAR_CHARS = 3
MAX_WORD_CHARS = 64

# Hiragana, Katakana, ideographs of the planes 0, 2 and 3, Thai, Lao, Khmer, Burmese.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")


def words_of(text: str) -> list[str]:
    """The words of a text, in order."""
    if text.isascii():
        return [word[:MAX_WORD_CHARS] for word in _ASCII_WORD.findall(text.lower().replace("'", ""))]
    apart = unicodedata.normalize("NFKD", text.replace("\u2019", "").replace("'", "").casefold())
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    return [word[:MAX_WORD_CHARS] for word in _WORD.findall(unicodedata.normalize("NFC", bare))]


def padded(word: str) -> str:
    """With blanks around it, so that its begin weighs more than its middle."""
    return f"  {word} "


def trigrams_of(word: str) -> frozenset[str]:
    """Every three characters in a row of the padded word."""
    text = padded(word)
    return frozenset(text[at : at + 3] for at in range(len(text) - 2))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of trigrams in common, from 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other))
