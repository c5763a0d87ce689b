"""A worker has a roomy table of descriptors before its second thread, as the kernel is slow to enlarge it later."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from abi.wire import Event
from host.ids import Generation, PluginId, Role
from host.worker import WorkerHandle, WorkerSpec, Zygote, spawn
from tests.support.patient import PATIENT


def ignore(_handle: WorkerHandle, _event: Event) -> None:
    """Nobody listens."""


def test_the_table_is_as_large_as_the_limit_allows() -> None:
    async def body() -> str:
        zygote = Zygote()
        try:
            worker = await spawn(
                WorkerSpec(PluginId("test.any"), Role.PLAY, Generation(1)), ignore, PATIENT, zygote.start
            )
            status = Path(f"/proc/{worker.pid}/status").read_text(encoding="utf-8")
            worker.terminate()
            await worker.wait_exit(20.0)
            return status
        finally:
            zygote.close()

    found = re.search(r"^FDSize:\s*(\d+)$", asyncio.run(body()), re.MULTILINE)
    assert found is not None
    assert int(found[1]) == 1024
