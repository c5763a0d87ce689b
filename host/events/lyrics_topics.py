"""Facts about the words of what is heard. They are told only while somebody asks for ``LyricsCursor``."""

from __future__ import annotations

from host.events.topics import Topic
from host.records import record

__all__ = ["LyricsChanged", "LyricsCursor"]


@record
class LyricsChanged(Topic):
    """Play ``index``, of entry ``entry`` of the queue, is heard, and these are its words.

    ``provider``: who had them, empty where nobody has any. ``lines``: how many. ``problems``: who could not say.
    """

    index: int
    entry: int
    provider: str
    timed: bool
    lines: int
    problems: tuple[str, ...]


@record
class LyricsCursor(Topic):
    """A line of play ``index`` is due, or a word of it, by the frame of the track that is heard.

    ``line`` counts from 0, -1: before the first. ``word``: None where words have no times, else ``sung`` is how
    many characters of ``text`` are sung with it. ``at_ms``: when it was due,
    and ``position_ms`` where the track is; ``frame``: the same in frames of the file. ``moved``: the music leapt there,
    or this is the first that is told of it.
    """

    index: int
    entry: int
    line: int
    word: int | None
    sung: int | None
    text: str
    at_ms: int
    position_ms: float
    frame: int
    sample_rate_hz: int
    moved: bool
