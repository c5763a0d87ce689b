"""Questions to sources and lyrics providers. Texts are the plugins' own; the host parses and checks the answers.

A source whose answer is a stream becomes its writer: ``AttachStream``, then as other stages ``DetachStage`` and
``StageStopped``.
"""

from __future__ import annotations

from abi.wire.instance import Done, Json
from abi.wire.message import Payload, Reply, Request, message
from abi.wire.stage import At

__all__ = [
    "AttachStream",
    "CancelCall",
    "CloseStream",
    "FetchLyrics",
    "ListItems",
    "OpenStream",
    "SearchLyrics",
    "StreamOpened",
]


@message(80)
class ListItems(Request[Json]):
    """A page of a source's items."""

    instance: int
    request: Payload


@message(85)
class StreamOpened(Reply):
    """What a source says of a track, as JSON. ``size_bytes`` is negative where it is unknown.

    ``serves``: its bytes come from the instance itself, from here until ``CloseStream``; ``seeks``: from any offset.
    Else the object names the ``path`` of a local file.
    """

    meta: Payload
    serves: bool
    seeks: bool
    size_bytes: int


@message(81)
class OpenStream(Request[StreamOpened]):
    """Opens one of a source's tracks. An instance has at most one stream."""

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


@message(86)
class AttachStream(Request[At]):
    """Descriptor 0: the segment of a byte stream, of which the instance's open stream becomes the writer.

    It goes on at the write position, which the reply says, or where the reader asks for. What cannot seek goes on
    wherever it is, or, where it is ``counted``, gives again what the segment holds already, which is dropped. At the
    end of the stream it stays, for a reader that goes back; and after a ``StageStopped`` with ``PLUGIN_ERROR``, which
    says that nothing is to be had behind ``position``: elsewhere there may be bytes.
    """

    instance: int
    epoch: int
    counted: bool


@message(87)
class CloseStream(Request[Done]):
    """Detaches where it is attached, and closes the stream."""

    instance: int
