"""From names to what they lead to, in order, as it is found: files in threads, what is in sources by asking them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from itertools import islice

from host.app.catalogues import Catalogues
from host.patience import off_loop
from host.playback import Input, expand

__all__ = ["STALL_S", "Finding", "Late", "find", "nobody"]

Finding = AsyncGenerator[Sequence[Input], None]
#: Told when a thread ends that nobody waits for any more.
Late = Callable[[list[Input]], None]

#: So many, or as many as are found in that time, come at once.
CHUNK = 500
CHUNK_S = 0.2
#: Without any found for so long, the file system does not answer.
STALL_S = 60.0


def nobody(_: list[Input]) -> None:
    """What it found is not wanted."""


async def find(names: Iterable[str], extensions: frozenset[str], catalogues: Catalogues, late: Late) -> Finding:
    """What the names lead to; ``extensions``: what counts as audio.

    Raises:
        TimeoutError: a file system does not answer.
    """
    found = expand(names, extensions, catalogues.schemes)
    while chunk := await off_loop(lambda: _some(found), STALL_S, late):
        ready: list[Input] = []
        for each in chunk:
            if not each.lists:
                ready.append(each)
                continue
            if ready:
                yield ready
                ready = []
            async for some in catalogues.found(each):
                yield some
        if ready:
            yield ready


def _some(found: Iterator[Input]) -> list[Input]:
    """The next ones; empty: there are no more. Blocks."""
    chunk: list[Input] = []
    until_s = time.monotonic() + CHUNK_S
    for each in islice(found, CHUNK):
        chunk.append(each)
        if time.monotonic() > until_s:
            break
    return chunk
