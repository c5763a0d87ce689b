"""Scanners that wait for their next files: taken by one reader at a time, kept for two seconds, checked when taken.

The key is plugin, type, generation and configuration: whoever is of an older generation, or was made with another
configuration, is let go of when he is found.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from host.capabilities import Scanner
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.records import record
from host.runtime import PluginRuntime
from host.supervise import put_back

__all__ = ["IDLE_S", "MOST_IDLE", "ScannerPool"]

IDLE_S = 2.0
MOST_IDLE = 8


@record
class _Idle:
    scanner: Scanner
    since_s: float


class ScannerPool:
    """All scanners of one scan. The loop's thread. ``config_of``: the configuration in force."""

    def __init__(
        self,
        runtime: PluginRuntime,
        config_of: Callable[[PluginId, TypeId], JsonObject],
        *,
        clock: Callable[[], float] = time.monotonic,
        idle_s: float = IDLE_S,
    ) -> None:
        self._runtime = runtime
        self._config_of = config_of
        self._clock = clock
        self._idle_s = idle_s
        self._idle: list[_Idle] = []
        self._taken: set[Scanner] = set()
        self._ends: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many wait."""
        return len(self._idle)

    async def take(self, plugin_id: PluginId, type_id: TypeId) -> Scanner:
        """One that waits, or a new one; the caller's until ``give_back``.

        Raises: as ``PluginRuntime.create_scanner``.
        """
        config = self._config_of(plugin_id, type_id)
        found: Scanner | None = None
        for one in tuple(self._idle):
            instance = one.scanner.instance
            if (instance.plugin_id, instance.type_id) != (plugin_id, type_id) or found is not None:
                continue
            self._idle.remove(one)
            if instance.current and instance.config == config:
                found = one.scanner
            else:
                self._end(one.scanner)
        scanner = found
        if scanner is None:
            scanner = Scanner(await self._runtime.create_scanner(plugin_id, type_id, config))
            put_back(scanner.instance.pid)
        self._taken.add(scanner)
        return scanner

    def give_back(self, scanner: Scanner) -> None:
        """It waits now, if it can be of use again; of too many the one that has waited longest goes."""
        self._taken.discard(scanner)
        if not scanner.instance.current:
            self._end(scanner)
            return
        self._idle.append(_Idle(scanner, self._clock()))
        if len(self._idle) > MOST_IDLE:
            self._end(self._idle.pop(0).scanner)
        self._look_later()

    async def close(self) -> None:
        """Ends all, those taken too. Twice is fine."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for scanner in [*(one.scanner for one in self._idle), *self._taken]:
            self._end(scanner)
        self._idle.clear()
        self._taken.clear()
        if self._ends:
            await asyncio.wait(self._ends)

    def _end(self, scanner: Scanner) -> None:
        end = scanner.instance.destroy_soon()
        self._ends.add(end)
        end.add_done_callback(self._ends.discard)

    def _look(self) -> None:
        """Lets go of those that nobody needed for long enough: they came in the order of their times."""
        self._timer = None
        while self._idle and self._clock() - self._idle[0].since_s >= self._idle_s:
            self._end(self._idle.pop(0).scanner)
        self._look_later()

    def _look_later(self) -> None:
        if self._idle and self._timer is None:
            wait_s = max(0.0, self._idle[0].since_s + self._idle_s - self._clock())
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._look)
