"""What can be asked about plugins while the host runs: names looked up, the runtime told, the player moved along.

Belongs to the event loop's thread. Results are JSON, as the control socket carries them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from host.errors import NotRunning
from host.events import EventBus, PluginLogLine
from host.ids import Generation, PluginId, Role
from host.jsontext import Json, JsonObject
from host.packages import Discovery, PluginManifest, find_owner, manifest_facts
from host.runtime import GenerationStatus, PluginRuntime
from host.supervise import CrashHistory, State
from host.worker import WorkerHandle

__all__ = ["Moved", "Mover", "PluginCommands", "generation_facts"]

_LINES_KEPT = 1024


class Moved(Protocol):
    """One place of a running chain that went to another generation."""

    @property
    def name(self) -> str:
        """What people call the place."""

    @property
    def old_generation(self) -> Generation:
        """Where its instance lived."""

    @property
    def new_generation(self) -> Generation:
        """Where it lives now."""

    @property
    def frames_lost(self) -> int:
        """What was not heard because of it."""


class Mover(Protocol):
    """The player, as far as it is needed here."""

    async def swap(self, plugin_id: PluginId, /) -> Sequence[Moved]:
        """Moves every place of the plugin to its active generation, and returns when that works there."""


class PluginCommands:
    """Of one host. ``mover`` gives the player that runs now, if one does."""

    def __init__(
        self,
        runtime: PluginRuntime,
        discovery: Discovery,
        bus: EventBus,
        history: CrashHistory,
        mover: Callable[[], Mover | None],
        drain_s: float,
    ) -> None:
        self._runtime = runtime
        self._discovery = discovery
        self._history = history
        self._mover = mover
        #: How long an answer about an unload waits for its end.
        self.drain_s = drain_s
        self._renewing: dict[PluginId, asyncio.Lock] = {}
        self._said = bus.subscribe(PluginLogLine, capacity=_LINES_KEPT)
        self._lines: deque[PluginLogLine] = deque(maxlen=_LINES_KEPT)

    def close(self) -> None:
        """Twice is fine."""
        self._said.close()

    async def rows(self, name: str | None) -> JsonObject:
        """Every plugin, or the one of that name, with what lives of it; those that are not built, too."""
        disabled = await self._runtime.disabled()
        present = self._runtime.list()
        plugins: list[Json] = []
        known = {each.id: each for each in (*self._runtime.manifests(), *self._discovery.unbuilt)}
        for manifest in known.values() if name is None else (find_owner(name, known),):
            mine = [one for one in present if one.plugin_id == manifest.id]
            live: JsonObject = {
                "disabled": manifest.id in disabled.plugins,
                "generations": [generation_facts(one) for one in mine],
                "standing": [standing for role in Role for standing in self._standing(manifest.id, role)],
            }
            plugins.append({**manifest_facts(manifest), **live})
        problems: list[Json] = [
            {"folder": str(each.folder), "error": str(each.error)} for each in self._discovery.problems
        ]
        return {"plugins": plugins, "problems": problems}

    async def restart(self, name: str, role: Role, *, reload: bool) -> JsonObject:
        """A new process in the place of the old one; what plays goes over.

        Raises:
            StellaError: the new one is of no use; the old one serves on.
        """
        plugin_id = self._plugin(name).id
        loop = asyncio.get_running_loop()
        async with self._renewing.setdefault(plugin_id, asyncio.Lock()):
            began = loop.time()
            renewal = await self._runtime.renew(plugin_id, role, reload=reload)
            mover = self._mover() if role is Role.PLAY else None
            moved = await mover.swap(plugin_id) if mover is not None else ()
            took_s = loop.time() - began
        places: list[Json] = [{"name": each.name, "frames_lost": each.frames_lost} for each in moved]
        return {
            "plugin": plugin_id,
            "role": role.value,
            "reload": reload,
            "old_generation": renewal.old,
            "new_generation": renewal.new,
            "old_pid": renewal.old_pid or None,
            "new_pid": renewal.new_pid,
            "took_ms": round(took_s * 1000, 3),
            "frames_lost": sum(each.frames_lost for each in moved),
            "moved": places,
        }

    async def unload(self, name: str, role: Role, *, force: bool) -> JsonObject:
        """Lets go of its generations, and waits as long as draining may take; what is in use then drains on."""
        plugin_id = self._plugin(name).id
        before = self._generations(plugin_id, role)
        try:
            async with asyncio.timeout(None if force else self.drain_s):
                await self._runtime.unload(plugin_id, role, wait=True, force=force)
        except TimeoutError:
            pass  # it drains on; the answer says so
        left = {one.generation for one in self._generations(plugin_id, role)}
        ended: list[Json] = [generation_facts(one) for one in before if one.generation not in left]
        draining: list[Json] = [generation_facts(one) for one in self._generations(plugin_id, role)]
        return {"plugin": plugin_id, "role": role.value, "force": force, "ended": ended, "draining": draining}

    async def enable(self, name: str) -> JsonObject:
        """Undoes ``disable``."""
        plugin_id = self._plugin(name).id
        await self._runtime.enable(plugin_id)
        return {"plugin": plugin_id, "disabled": False}

    async def disable(self, name: str) -> JsonObject:
        """Not loaded from now on; what is loaded drains."""
        plugin_id = self._plugin(name).id
        await self._runtime.disable(plugin_id)
        return {"plugin": plugin_id, "disabled": True}

    def reset(self, name: str, role: Role | None) -> JsonObject:
        """Forgets the faults of a plugin; a quarantine ends."""
        plugin_id = self._plugin(name).id
        before: list[Json] = [
            standing for each in Role if role in (None, each) for standing in self._standing(plugin_id, each)
        ]
        self._runtime.supervisor.reset(plugin_id, role)
        return {"plugin": plugin_id, "before": before}

    async def crashes(self, name: str | None, limit: int) -> JsonObject:
        """The newest rows of the crash history, oldest first."""
        plugin_id = None if name is None else self._plugin(name).id
        rows: list[Json] = [*await asyncio.to_thread(self._history.rows, plugin_id, limit)]
        return {"rows": rows}

    def logs(self, name: str, limit: int) -> JsonObject:
        """What the live workers of a plugin wrote and logged last.

        Raises:
            NotRunning: it has no worker.
        """
        plugin_id = self._plugin(name).id
        workers = [worker for worker in self._runtime.workers() if worker.spec.plugin_id == plugin_id]
        if not workers:
            raise NotRunning(f"{plugin_id} is not loaded", remedy="`stellatune plugins crashes` has last words")
        while (line := self._said.poll()) is not None:
            self._lines.append(line)
        said: dict[Generation, list[Json]] = {worker.generation: [] for worker in workers}
        for line in self._lines:
            if line.plugin_id == plugin_id and line.generation in said:
                said[line.generation].append(line.text)
        return {"plugin": plugin_id, "workers": [_words(worker, said[worker.generation], limit) for worker in workers]}

    def _plugin(self, name: str) -> PluginManifest:
        return find_owner(name, {manifest.id: manifest for manifest in self._runtime.manifests()})

    def _generations(self, plugin_id: PluginId, role: Role) -> list[GenerationStatus]:
        return [one for one in self._runtime.list() if (one.plugin_id, one.role) == (plugin_id, role)]

    def _standing(self, plugin_id: PluginId, role: Role) -> list[JsonObject]:
        """How it stands in a role, where there is anything to tell."""
        supervisor = self._runtime.supervisor
        state, restarts = supervisor.standing(plugin_id, role).state, supervisor.restarts(plugin_id, role)
        if state is State.READY and not restarts:
            return []
        left_s = supervisor.seconds_left(plugin_id, role) if state is not State.READY else 0.0
        return [{"role": role.value, "state": state.value, "seconds_left": left_s, "restarts": restarts}]


def _words(worker: WorkerHandle, logged: list[Json], limit: int) -> Json:
    written: list[Json] = [*worker.log_tail[-limit:]]
    return {
        "role": worker.spec.role.value,
        "generation": worker.generation,
        "pid": worker.pid,
        "lines": written,
        "logged": logged[-limit:],
    }


def generation_facts(status: GenerationStatus) -> JsonObject:
    """One generation."""
    return {
        "plugin": status.plugin_id,
        "role": status.role.value,
        "generation": status.generation,
        "state": status.state.value,
        "pid": status.pid or None,
        "live_instances": status.live_instances,
        "inflight": status.inflight,
        "concurrent_calls": status.concurrent_calls,
    }
