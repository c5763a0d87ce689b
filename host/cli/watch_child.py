"""``serve`` with ``[library] watch = true``: the watch of the library as a child, which ends with its host.

It holds the other end of the child's standard input, so that the child learns of the end whatever the host dies of.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from host.cli.console import Console
from host.settings import LibrarySettings

__all__ = ["watching_library"]

_END_S = 5.0


@asynccontextmanager
async def watching_library(console: Console, settings: LibrarySettings) -> AsyncIterator[None]:
    """The child lives while the block runs, if it is wished for; what it says goes where this one's words go."""
    if not settings.watch:
        yield
        return
    options = ["--config", str(console.config_file)] if console.config_file is not None else []
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "host", "--quiet", *options, "library", "watch", "--attached"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    ended = asyncio.create_task(_told(child, console))
    try:
        yield
    finally:
        ended.cancel()
        assert child.stdin is not None
        child.stdin.close()
        try:
            async with asyncio.timeout(_END_S):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()


async def _told(child: asyncio.subprocess.Process, console: Console) -> None:
    """The music goes on without it."""
    code = await child.wait()
    console.warn(f"the watch of the library has ended by itself with {code}; `stellatune library watch` says why")
