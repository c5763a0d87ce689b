"""Workers as the host has them: forked by its zygote, spoken to through its channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from abi.kinds import CapabilityKind
from abi.wire import CreateInstance, Event, LoadModule, Payload
from host.ids import Generation, PluginId, Role
from host.settings import Limits
from host.worker import WorkerHandle, WorkerSpec, Zygote, spawn
from tests.bench.compiled import plugin_library
from tests.bench.fleet import CHANNELS, INSTANCE, RATE_HZ
from tests.bench.standing import promote

__all__ = ["TIMEOUT_S", "hosted_worker", "load_gain", "zygote"]

TIMEOUT_S = 5.0
SPEC = WorkerSpec(PluginId("stellatune.dsp.gain"), Role.PLAY, Generation(1))


@asynccontextmanager
async def zygote() -> AsyncIterator[Zygote]:
    """One that has made its first worker, and so is warm."""
    made = Zygote()
    try:
        async with hosted_worker(made):
            pass
        yield made
    finally:
        made.close()


@asynccontextmanager
async def hosted_worker(parent: Zygote) -> AsyncIterator[WorkerHandle]:
    """A worker that has answered ``Hello``."""
    worker = await spawn(SPEC, _ignore, Limits(), parent.start)
    try:
        promote(worker.pid)
        yield worker
    finally:
        worker.terminate()
        await worker.wait_exit(TIMEOUT_S)


async def load_gain(worker: WorkerHandle) -> None:
    """Loads the gain plugin and makes an instance of it."""
    library = plugin_library("dsp_gain")
    await worker.request(LoadModule(library, str(Path(library).parent), False, ()), TIMEOUT_S)
    config = Payload(b'{"gain_db": -3}')
    create = CreateInstance(INSTANCE, CapabilityKind.DSP, "gain", config, RATE_HZ, CHANNELS, ())
    await worker.request(create, TIMEOUT_S)


def _ignore(_worker: WorkerHandle, _event: Event) -> None:
    """Nothing is expected on the event channel."""
