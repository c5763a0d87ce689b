"""Real workers with the plugin that dies (tests/plugins/dies), and what the host finds out about their ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from abi.kinds import CapabilityKind
from abi.wire import CreateInstance, Event, Payload
from host.errors import StellaError
from host.ids import Generation, Role
from host.packages import PluginManifest
from host.runtime.loading import load_plugin
from host.settings import Limits
from host.supervise import Autopsy, examine, symbolise
from host.worker import ExitStatus, WorkerHandle, WorkerSpec, Zygote, spawn
from tests.support.c_plugins import build_plugin

__all__ = ["Deaths", "creation", "dying"]

LONG_S = 30.0


def creation(how: str, call: str = "create", instance: int = 1) -> CreateInstance:
    """An instance that dies so, in this call."""
    config = Payload(json.dumps({"how": how, "in": call}).encode())
    return CreateInstance(instance, CapabilityKind.DSP, "dies", config, 48_000, 2, ())


class Deaths:
    """Starts workers with the plugin loaded, and examines them once they have ended."""

    def __init__(self, zygote: Zygote, manifest: PluginManifest) -> None:
        self.manifest = manifest
        self._zygote = zygote
        self._found: dict[WorkerHandle, asyncio.Future[Autopsy]] = {}

    async def start(self, load: bool = True) -> WorkerHandle:
        """A worker; its autopsy is made when it ends."""
        spec = WorkerSpec(self.manifest.id, Role.PLAY, Generation(1))
        handle = await spawn(spec, _ignore, Limits(), self._zygote.start)
        self._found[handle] = asyncio.get_running_loop().create_future()
        handle.on_exit(lambda status: self._examine(handle, status))
        if load:
            await load_plugin(handle, self.manifest, LONG_S)
        return handle

    async def of(self, handle: WorkerHandle) -> Autopsy:
        """The autopsy, with the names of functions, once the worker has ended."""
        async with asyncio.timeout(LONG_S):
            return await self._found[handle]

    async def by(self, how: str, call: str = "create") -> Autopsy:
        """The death of a fresh worker that is ordered to die so."""
        handle = await self.start()
        with suppress(StellaError):
            await handle.request(creation(how, call), LONG_S)
        return await self.of(handle)

    def _examine(self, handle: WorkerHandle, status: ExitStatus) -> None:
        autopsy, library = examine(handle, status), handle.take_library()
        naming = asyncio.get_running_loop().create_task(symbolise(autopsy, library))
        naming.add_done_callback(lambda done: self._found[handle].set_result(done.result()))


@asynccontextmanager
async def _deaths(folder: Path) -> AsyncIterator[Deaths]:
    zygote = Zygote()
    try:
        yield Deaths(zygote, build_plugin("dies", folder))
    finally:
        zygote.close()


def dying(folder: Path, body: Callable[[Deaths], Awaitable[None]]) -> None:
    """Runs a test among workers that die."""

    async def whole() -> None:
        async with _deaths(folder) as deaths:
            await body(deaths)

    asyncio.run(whole())


def _ignore(_handle: WorkerHandle, _event: Event) -> None:
    """Nobody listens."""
