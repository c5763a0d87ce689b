"""The arguments of one request, taken by name and type; what nobody took is refused."""

from __future__ import annotations

from host.errors import Usage
from host.jsontext import Json, JsonObject

__all__ = ["Arguments"]

MAX_TEXT_CHARS = 4096


class Arguments:
    """Each is taken once; ``finish`` complains about the rest."""

    def __init__(self, verb: str, given: JsonObject) -> None:
        self._verb = verb
        self._given = dict(given)
        self._known: list[str] = []

    def text(self, name: str) -> str:
        """A required text."""
        found = self.text_or_none(name)
        if not found:
            raise self._wrong(name, "is missing")
        return found

    def text_or_none(self, name: str) -> str | None:
        """An optional text."""
        value = self._take(name)
        if value is None or (isinstance(value, str) and len(value) <= MAX_TEXT_CHARS):
            return value
        raise self._wrong(name, "must be a short text")

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """A required list of texts, none of them empty."""
        found = self.texts_or_none(name, most)
        if not found:
            raise self._wrong(name, "is missing")
        return found

    def texts_or_none(self, name: str, most: int) -> tuple[str, ...]:
        """An optional list of texts, none of them empty."""
        value = self._take(name)
        listed = [] if value is None else value
        if isinstance(listed, list) and len(listed) <= most:
            texts = tuple(each for each in listed if isinstance(each, str) and 0 < len(each) <= MAX_TEXT_CHARS)
            if len(texts) == len(listed):
                return texts
        raise self._wrong(name, f"must be a list of at most {most} short texts")

    def object(self, name: str) -> JsonObject:
        """A required object."""
        value = self._take(name)
        if isinstance(value, dict):
            return value
        raise self._wrong(name, "must be an object")

    def flag(self, name: str) -> bool:
        """False unless given."""
        value = self._take(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self._wrong(name, "must be true or false")

    def flag_or_none(self, name: str) -> bool | None:
        """An optional yes or no."""
        return None if self._given.get(name) is None and self._take(name) is None else self.flag(name)

    def count(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to ``most``."""
        value = self._take(name)
        if value is None:
            return default
        if type(value) is int and 1 <= value <= most:
            return value
        raise self._wrong(name, f"must be a whole number from 1 to {most}")

    def count_or_none(self, name: str, most: int) -> int | None:
        """An optional whole number from 1 to ``most``."""
        return None if self._given.get(name) is None and self._take(name) is None else self.count(name, 1, most)

    def counts(self, name: str, most: int, largest: int) -> tuple[int, ...]:
        """An optional list of whole numbers from 1 to ``largest``."""
        value = self._take(name)
        listed = [] if value is None else value
        if isinstance(listed, list) and len(listed) <= most:
            counts = tuple(each for each in listed if type(each) is int and 1 <= each <= largest)
            if len(counts) == len(listed):
                return counts
        raise self._wrong(name, f"must be a list of at most {most} whole numbers from 1 to {largest}")

    def number_or_none(self, name: str, least: float, most: float) -> float | None:
        """An optional number of that range."""
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, bool) and isinstance(value, int | float) and least <= value <= most:
            return float(value)
        raise self._wrong(name, f"must be a number from {least:g} to {most:g}")

    def object_or_none(self, name: str) -> JsonObject | None:
        """An optional JSON object."""
        value = self._take(name)
        if value is None or isinstance(value, dict):
            return value
        raise self._wrong(name, "must be a JSON object")

    def finish(self) -> None:
        """Refuses what is left."""
        for name in self._given:
            known = ", ".join(self._known) or "none"
            raise Usage(f"{self._verb}: the argument {name!r} is unknown", remedy=f"it takes: {known}")

    def _take(self, name: str) -> Json:
        self._known.append(name)
        return self._given.pop(name, None)

    def _wrong(self, name: str, what: str) -> Usage:
        return Usage(f"{self._verb}: the argument {name!r} {what}")
