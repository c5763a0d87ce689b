"""A source catalogue as the host sees it: pages of items, and the local file behind a track."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from abi.wire import ListItems, OpenStream
from host.capabilities.plugin_text import json_object, wrong_shape
from host.jsontext import Json, JsonObject
from host.records import record
from host.runtime import MAX_LIST_BYTES, Instance, json_payload

__all__ = ["Item", "ItemKind", "Page", "Source"]

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

    async def open_stream(self, track: JsonObject) -> Path:
        """The local file of a track, which nobody has looked for yet.

        Raises:
            PluginRefused: no such track, or the source would serve the bytes itself.
            ProtocolViolated: the answer names no absolute path.
        """
        reply = await self.instance.query(OpenStream(self.instance.id, json_payload(track)), self._limit_s)
        path = json_object(self.instance, "open_stream", reply.text, MAX_LIST_BYTES).get("path")
        if not isinstance(path, str) or not _is_absolute(path):
            raise wrong_shape(self.instance, "open_stream", "the absolute path of a local file was expected")
        return Path(path)

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
