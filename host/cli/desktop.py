"""A host on the desktop's message bus, where what is needed for that is installed (extra ``mpris``)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from host.app import Application
from host.cli.console import Console, plain
from host.patience import off_loop

if TYPE_CHECKING:
    from host.mpris import Presence

__all__ = ["on_desktop"]

LOAD_S = 30.0


@asynccontextmanager
async def on_desktop(app: Application, console: Console) -> AsyncIterator[None]:
    """Media keys and panels may steer this host while the block runs."""
    if find_spec("dbus_fast") is None or not _bus_is_known():
        yield
        return
    task = asyncio.get_running_loop().create_task(_stay(app, console))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def _stay(app: Application, console: Console) -> None:
    """Until it is cancelled. What is needed is loaded beside the loop, for that takes as long as starting to play."""
    presence_type = await off_loop(_load, LOAD_S)
    presence = presence_type(app, lambda text: console.note(plain(text), level=1))
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await presence.close()


def _load() -> type[Presence]:
    from host.mpris import Presence

    return Presence


def _bus_is_known() -> bool:
    """Without an address the library would ask a display for one."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS")) or bool(runtime and Path(runtime, "bus").exists())
