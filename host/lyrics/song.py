"""The track whose words are looked for: what providers are told of it, and under which name it is remembered. Pure."""

from __future__ import annotations

import re
import unicodedata

from host.jsontext import JsonObject
from host.records import record

__all__ = ["Song", "normal"]

MAX_NORMAL_CHARS = 300

_GUESTS = re.compile(r"[(\[](?:feat|ft|featuring|with)\b[^)\]]*[)\]]", re.IGNORECASE)


def normal(text: str) -> str:
    """What two spellings of a name have in common: no case, no marks, no punctuation, no guests."""
    bare = unicodedata.normalize("NFKD", _GUESTS.sub(" ", text[:MAX_NORMAL_CHARS])).casefold()
    kept = (char if char.isalnum() else " " for char in bare if not unicodedata.combining(char))
    return " ".join("".join(kept).split())


@record
class Song:
    """Empty and None where nobody knows. ``path`` is absolute, of a local file, and UTF-8.

    ``embedded``: words in the file itself. ``begins_ms``: where in its file it begins.
    """

    path: str = ""
    title: str = ""
    artist: str = ""
    album: str = ""
    duration_ms: int | None = None
    embedded: str = ""
    begins_ms: int = 0

    @property
    def key(self) -> str:
        """The name under which words are remembered: by its tags, by its file without any; empty: it has no name."""
        if not normal(self.title):
            return f"file {self.path}" if self.path else ""
        seconds = "" if self.duration_ms is None else str(round(self.duration_ms / 1000))
        return "\n".join((normal(self.title), normal(self.artist), normal(self.album), seconds))

    def query(self, *, many: bool = False) -> JsonObject:
        """What a provider is asked. ``many``: the user wants to choose."""
        names = {"path": self.path, "title": self.title, "artist": self.artist, "album": self.album}
        query: JsonObject = {name: value for name, value in names.items() if value}
        if self.duration_ms is not None:
            query["duration_ms"] = self.duration_ms
        if many:
            query["many"] = True
        return query
