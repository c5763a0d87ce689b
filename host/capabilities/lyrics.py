"""A lyrics provider as the host sees it: candidates for a track, and the words of one."""

from __future__ import annotations

from abi.wire import FetchLyrics, SearchLyrics
from host.capabilities.plugin_text import json_list, json_object, wrong_shape
from host.jsontext import JsonObject
from host.records import record
from host.runtime import MAX_LIST_BYTES, MAX_METADATA_BYTES, Instance, json_payload

__all__ = ["Lyrics", "Words"]

MAX_WORDS_BYTES = 1 << 20


@record
class Words:
    """The words of a track. ``timed``: they are LRC, a line a time stamp. Not yet safe to print."""

    text: str
    timed: bool


class Lyrics:
    """Raises, in every call, what ``Instance.query`` raises. One call at a time."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._limit_s = instance.limits.lyrics_ms / 1000

    async def search(self, query: JsonObject) -> tuple[JsonObject, ...]:
        """Candidates, best first, as ``fetch`` takes them. ``query``: path, title, artist, album, duration_ms.

        Raises:
            ProtocolViolated: the answer is no array of objects.
        """
        reply = await self.instance.query(SearchLyrics(self.instance.id, json_payload(query)), self._limit_s)
        found = json_list(self.instance, "search", reply.text, MAX_LIST_BYTES)
        candidates = tuple(each for each in found if isinstance(each, dict))
        if len(candidates) != len(found):
            raise wrong_shape(self.instance, "search", "a candidate is an object")
        return candidates

    async def fetch(self, track: JsonObject) -> Words:
        """The words of a candidate.

        Raises:
            ProtocolViolated: the answer holds neither lrc nor text, or more than 1 MiB of it.
        """
        reply = await self.instance.query(FetchLyrics(self.instance.id, json_payload(track)), self._limit_s)
        words = json_object(self.instance, "fetch", reply.text, MAX_METADATA_BYTES)
        for name in ("lrc", "text"):
            text = words.get(name)
            if isinstance(text, str):
                if len(text.encode("utf-8", "surrogatepass")) > MAX_WORDS_BYTES:
                    raise wrong_shape(self.instance, "fetch", f"words of more than {MAX_WORDS_BYTES} bytes")
                return Words(text, timed=name == "lrc")
        raise wrong_shape(self.instance, "fetch", "an object with lrc or text was expected")
