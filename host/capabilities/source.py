"""A source catalogue as the host sees it: pages of items, and the local file or the stream of bytes behind a track."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from abi.wire import AttachStream, CloseStream, DetachStage, ListItems, OpenStream
from host.capabilities.plugin_text import json_object, wrong_shape
from host.capabilities.stage import position_of
from host.jsontext import Json, JsonObject
from host.records import record
from host.runtime import MAX_LIST_BYTES, Instance, json_payload
from shm_audio import ByteStream, StreamFormat

__all__ = ["Item", "ItemKind", "OpenedStream", "Page", "Source"]

MAX_PATH_BYTES = 4096
MAX_TOKEN = 4096


class ItemKind(StrEnum):
    """What can be done with an item: look into it, or play it."""

    FOLDER = "folder"
    TRACK = "track"


@record
class Item:
    """One entry of a catalogue. ``value`` is the whole object, which ``open_stream`` takes. ``title`` is for people."""

    id: str
    title: str
    kind: ItemKind
    value: JsonObject


@record
class Page:
    """``next`` asks for the page behind this one, as ``after``; None: this is the last."""

    items: tuple[Item, ...]
    next: str | None


@record
class OpenedStream:
    """A stream that the source's instance serves itself, from any offset where it ``seeks``.

    ``meta`` is what the source says of it, unchecked; ``size_bytes`` is None where it does not know.
    """

    meta: JsonObject
    seeks: bool
    size_bytes: int | None

    def format(self) -> StreamFormat:
        """For the byte stream that is to carry it."""
        return StreamFormat(self.seeks, self.size_bytes)


class Source:
    """Raises, in every call, what ``Instance.query`` raises. One call at a time."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._limit_s = instance.limits.source_ms / 1000

    async def list_items(self, request: JsonObject) -> Page:
        """One page; what can be asked is the source's own, ``after`` aside.

        Raises:
            ProtocolViolated: the answer is no page.
        """
        reply = await self.instance.query(ListItems(self.instance.id, json_payload(request)), self._limit_s)
        page = json_object(self.instance, "list_items", reply.text, MAX_LIST_BYTES)
        items, after = page.get("items"), page.get("next")
        if not isinstance(items, list):
            raise wrong_shape(self.instance, "list_items", "a page is an object with items")
        if after is not None and not (isinstance(after, str) and 0 < len(after) <= MAX_TOKEN):
            raise wrong_shape(self.instance, "list_items", f"next is a text of 1 to {MAX_TOKEN} characters, or null")
        return Page(tuple(map(self._item, items)), after)

    async def open_stream(self, track: JsonObject) -> Path | OpenedStream:
        """The local file of a track, which nobody has looked for yet; or the instance's own stream, open from here on.

        An instance has at most one: who lets a stream be served makes an instance for it.

        Raises:
            PluginRefused: no such track.
            ProtocolViolated: the answer names no absolute path.
        """
        reply = await self.instance.query(OpenStream(self.instance.id, json_payload(track)), self._limit_s)
        meta = json_object(self.instance, "open_stream", reply.meta or b"{}", MAX_LIST_BYTES)
        if reply.serves:
            size = None if reply.size_bytes < 0 else position_of(self.instance, "open_stream", reply.size_bytes)
            return OpenedStream(meta, reply.seeks, size)
        path = meta.get("path")
        if not isinstance(path, str) or not _is_absolute(path):
            raise wrong_shape(self.instance, "open_stream", "the absolute path of a local file was expected")
        return Path(path)

    async def attach(self, stream: ByteStream, epoch: int, *, counted: bool) -> int:
        """The open stream fills that one, from its write position on; says where that is.

        ``counted``: it begins with the first byte of a track, and where it cannot seek, it is read up to there.

        ``StageStopped`` tells with ``epoch`` when that failed. A ``PLUGIN_ERROR`` is one of the offset where it stands:
        it tries again where the reader asks for another. At the end it stays as well, for a reader that goes back.
        Who replaces a dead one opens the same track, and attaches to the same stream.
        """
        request = AttachStream(self.instance.id, epoch, counted)
        reply = await self.instance.request(request, self._limit_s, (stream.fd,))
        return position_of(self.instance, "attach", reply.position)

    async def detach(self) -> int:
        """Stops filling and lets go of the byte stream; the source's stream stays open."""
        reply = await self.instance.request(DetachStage(self.instance.id), self._limit_s)
        return position_of(self.instance, "detach", reply.position)

    async def close_stream(self) -> None:
        """Closes what is open, attached or not; twice is fine."""
        await self.instance.request(CloseStream(self.instance.id), self._limit_s)

    def _item(self, item: Json) -> Item:
        if isinstance(item, dict):
            name, title, kind = item.get("id"), item.get("title"), item.get("kind")
            if isinstance(name, str) and isinstance(title, str) and kind in tuple(ItemKind):
                return Item(name, title, ItemKind(str(kind)), item)
        raise wrong_shape(self.instance, "list_items", "an item is an object with id, title and kind (folder or track)")


def _is_absolute(path: str) -> bool:
    try:
        size = len(path.encode("utf-8"))
    except UnicodeEncodeError:
        return False
    return path.startswith("/") and "\0" not in path and size <= MAX_PATH_BYTES
