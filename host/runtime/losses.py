"""What the host tells and keeps of a worker that was lost: one fact on the bus, one row in the crash history."""

from __future__ import annotations

import asyncio
import time

from abi.kinds import LogLevel
from host.events import EventBus, PluginFault, PluginLogLine
from host.ids import InstanceId
from host.jsontext import JsonObject
from host.runtime.live import LiveGeneration
from host.supervise import Autopsy, Cause, CrashHistory, Quarantine, Supervisor, symbolise
from host.worker import PrivateCopy

__all__ = ["Losses"]


class Losses:
    """Belongs to the loop's thread; names of functions and rows are made beside it."""

    def __init__(self, bus: EventBus, supervisor: Supervisor, history: CrashHistory) -> None:
        self._bus = bus
        self._supervisor = supervisor
        self._history = history
        self._writing: set[asyncio.Task[None]] = set()

    def take(self, generation: LiveGeneration, autopsy: Autopsy, *, counted: bool) -> None:
        """Judges the loss, tells it, and begins to write it down. ``counted``: it speaks against the plugin."""
        action = "none"
        excused = autopsy.cause is Cause.HANG and self._supervisor.excuses(autopsy.plugin_id)
        if counted and not excused:
            verdict = self._supervisor.lost(autopsy, lived_s=generation.lived_s)
            action = "quarantine" if isinstance(verdict, Quarantine) else "restart"
        restarts = self._supervisor.restarts(autopsy.plugin_id, autopsy.role)
        self._bus.publish(
            PluginFault(
                autopsy.plugin_id,
                autopsy.role,
                autopsy.generation,
                autopsy.pid,
                autopsy.instance,
                autopsy.call,
                autopsy.cause.value,
                autopsy.signal,
                autopsy.reason,
                autopsy.backtrace,
                autopsy.last_lines,
                action,
                restarts,
            )
        )
        library = generation.handle.take_library()
        row = self._write(autopsy, library, time.time(), action, restarts)
        writing = asyncio.get_running_loop().create_task(row)
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    async def settle(self) -> None:
        """Returns when every row is written."""
        while self._writing:
            await asyncio.wait(tuple(self._writing))

    async def _write(
        self, autopsy: Autopsy, library: PrivateCopy | None, at: float, action: str, restarts: int
    ) -> None:
        autopsy = await symbolise(autopsy, library)
        row: JsonObject = {
            "time": at,
            "plugin": autopsy.plugin_id,
            "generation": autopsy.generation,
            "role": autopsy.role.value,
            "pid": autopsy.pid,
            "instance": autopsy.instance,
            "call": autopsy.call,
            "cause": autopsy.cause.value,
            "signal": autopsy.signal,
            "exit_status": autopsy.exit_status,
            "reason": autopsy.reason,
            "backtrace": list(autopsy.backtrace),
            "log": list(autopsy.last_lines),
            "action": action,
            "restarts": restarts,
        }
        try:
            await asyncio.to_thread(self._history.append, row)
        except (OSError, ValueError) as error:
            text = f"its crash could not be added to the crash history: {error}"
            self._bus.publish(PluginLogLine(autopsy.plugin_id, autopsy.generation, InstanceId(0), LogLevel.ERROR, text))
