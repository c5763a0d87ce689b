"""Questions to sources and lyrics providers. Texts are the plugins' own; the host parses and checks the answers."""

from __future__ import annotations

from abi.wire.instance import Done, Json
from abi.wire.message import Payload, Request, message

__all__ = ["CancelCall", "FetchLyrics", "ListItems", "OpenStream", "SearchLyrics"]


@message(80)
class ListItems(Request[Json]):
    """A page of a source's items."""

    instance: int
    request: Payload


@message(81)
class OpenStream(Request[Json]):
    """Where the bytes of a source's track are: an object with the ``path`` of a local file.

    Refused as UNSUPPORTED for a source that would serve the bytes itself; its stream is closed again.
    """

    instance: int
    track: Payload


@message(82)
class SearchLyrics(Request[Json]):
    """Candidates for a track, a JSON array."""

    instance: int
    query: Payload


@message(83)
class FetchLyrics(Request[Json]):
    """The words of one candidate."""

    instance: int
    track: Payload


@message(84)
class CancelCall(Request[Done]):
    """The call that the instance is in should give up. Answered when it is in none any more."""

    instance: int
