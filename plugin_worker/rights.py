"""From the rights a plugin was granted to the words its control requests may begin with."""

from __future__ import annotations

from collections.abc import Iterable

from plugin_worker._core import lib
from plugin_worker.errors import Misuse

__all__ = ["grant_rights"]

#: With a right to events a plugin may say which ones it wants.
_CHOOSING = ("subscribe", "unsubscribe")


def grant_rights(rights: Iterable[str]) -> None:
    """Once, before any code of the plugin runs. Raises: Misuse: more than a worker can keep."""
    words: set[str] = set()
    for right in rights:
        what, _, of = right.partition(":")
        words.update({"control": (of,), "events": _CHOOSING}.get(what, ()))
    for word in sorted(words):
        data = word.encode()
        if lib.st_controls_allow(data, len(data)) != 0:
            raise Misuse("load", f"the right to {word!r} cannot be granted")
