"""The words that were found for a track, and who had them."""

from __future__ import annotations

from host.errors import RequestTimeout
from host.jsontext import Json, JsonObject
from host.lyrics.cache import Cached
from host.lyrics.lrc import Line, Sheet, parse_lrc
from host.patience import off_loop
from host.records import record

__all__ = ["Found", "found_words"]

PARSE_TIMEOUT_S = 10.0


@record
class Found:
    """``label``: what the provider calls it, empty where it is found by its file. ``remembered``: it is in the cache.

    ``of_file``: its times count from the begin of the file, not of the track in it.
    """

    provider: str
    text: str
    sheet: Sheet
    label: str = ""
    remembered: bool = False
    of_file: bool = False

    def to_remember(self, *, chosen: bool = False) -> Cached:
        """For the cache."""
        return Cached(self.provider, self.text, self.label, of_file=self.of_file, chosen=chosen)

    def facts(self) -> JsonObject:
        """For ``--json``, and for other programs."""
        lines: list[Json] = [_line(each) for each in self.sheet.lines]
        return {
            "provider": self.provider,
            "remembered": self.remembered,
            "label": self.label or None,
            "timed": self.sheet.timed,
            "text": self.text,
            "lines": lines,
        }


def _line(line: Line) -> JsonObject:
    words: list[Json] = [{"at_ms": word.at_ms, "text": word.text} for word in line.words]
    return {"at_ms": line.at_ms, "text": line.text, "words": words}


async def found_words(
    provider: str, text: str, *, label: str = "", remembered: bool = False, of_file: bool = False
) -> Found:
    """Reads the words off the loop, as they may be long.

    Raises:
        RequestTimeout: this machine has no time for it.
    """
    try:
        sheet = await off_loop(lambda: parse_lrc(text), PARSE_TIMEOUT_S)
    except TimeoutError as error:
        raise RequestTimeout(f"{provider}: its words were not read in time", remedy="try again") from error
    return Found(provider, text, sheet, label, remembered, of_file)
