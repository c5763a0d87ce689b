"""How far a scan is: one line that is redrawn on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from host.cli.console import Console
from host.cli.progress import BAR_CELLS, CLEAR, DRAW_S, PLAIN_S
from host.library.scans import Tally

__all__ = ["ScanProgress"]


class ScanProgress:
    """Of one command. ``progress`` gives what was done so far, and how many files are expected (0: nobody knows)."""

    def __init__(self, console: Console, progress: Callable[[], tuple[Tally, int] | None]) -> None:
        self._console = console
        self._progress = progress
        self._draws = console.draws() and not console.json
        self._began_s = time.monotonic()

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Shows it while the block runs; the line is gone afterwards."""
        if self._console.verbosity < 0 or self._console.json:
            yield
            return
        task = asyncio.create_task(self._draw() if self._draws else self._tell())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            self._clear()

    def warn(self, text: str) -> None:
        """A warning, on a line of its own."""
        self._clear()
        self._console.warn(text)

    def _clear(self) -> None:
        if self._draws:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()

    async def _draw(self) -> None:
        while True:
            await asyncio.sleep(DRAW_S)
            if (text := self._line()) is not None:
                sys.stderr.write(f"{CLEAR}{text}")
                sys.stderr.flush()

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(PLAIN_S)
            if (text := self._line()) is not None:
                self._console.note(text)

    def _line(self) -> str | None:
        found = self._progress()
        if found is None:
            return None
        tally, expected = found
        done = tally.unchanged + tally.read + tally.moved + tally.problems + tally.known_problems + tally.left
        share = min(1.0, done / expected) if expected else 0.0
        bar = f" [{'=' * int(share * BAR_CELLS):{BAR_CELLS}}]" if expected else ""
        rate = tally.read / max(time.monotonic() - self._began_s, 0.001)
        problems = f"  {tally.problems} problems" if tally.problems else ""
        return f"scanning{bar} {tally.found} files, {tally.read} read, {rate:.0f}/s{problems}"
