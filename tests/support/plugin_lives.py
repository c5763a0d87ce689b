"""Whole lives of three plugins, over and over in this one process: load, create, play a second, destroy, unload.

Run as a program: ``plugin_lives SOURCE FOLDER COUNT``. Prints one JSON document: what it held before and after.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections import Counter
from pathlib import Path

from host.app import Application
from host.cli.chain_options import DspOption, OutputOption
from host.cli.wiring import stages, wire_output
from host.playback import Chain, Excerpt, Input, Pacing, PlaybackResult
from host.settings import Paths, Settings
from tests import census
from tests.support.patient import PATIENT
from tests.support.waiting import until

#: First lives fill caches that stay: modules, memory of the allocator.
WARM = 3
WITHIN_S = 60.0


def holdings() -> dict[str, dict[str, int]]:
    """What this process holds, counted by what it is; descriptors and threads without their numbers."""
    until(lambda: not any(thread.name == "file-work" for thread in threading.enumerate()), WITHIN_S)
    found = census.take()
    held = {
        "children": Counter(map(_kind, found.children)),
        "descriptors": Counter(map(_kind, found.descriptors)),
        "threads": Counter(map(_kind, found.threads)),
        "shared_memory": Counter(found.shared_memory),
        "temporary_files": Counter(found.temporary_files),
    }
    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    held["mappings"] = Counter(" ".join([*line.split()[1:2], *line.split()[5:]]) for line in lines)
    return {name: dict(counts) for name, counts in held.items()}


def _kind(entry: str) -> str:
    """``7 -> socket:[123]`` is a socket, ``123 python`` a thread called python."""
    return entry.partition(" ")[2].removeprefix("-> ").partition(":[")[0]


async def fill_executor() -> None:
    """Starts all threads that ``asyncio.to_thread`` may ever have: it adds them one by one, whenever none is idle."""
    count = min(32, (os.cpu_count() or 1) + 4)
    together = threading.Barrier(count)
    await asyncio.gather(*(asyncio.to_thread(together.wait, WITHIN_S) for _ in range(count)))


async def one_life(app: Application, source: Path) -> PlaybackResult:
    """Three processes come, play the file, and go."""
    plugins = app.discovery.plugins
    output = wire_output(OutputOption("null", None), None, plugins)
    effects = stages((DspOption("gain", "gain", {"gain_db": -3}),), plugins)
    chain = Chain(effects, output, Pacing.unpaced(app.settings.pipeline))
    result = await app.player(chain, Excerpt(), None).play((Input(source),))
    used = {stage.plugin_id for stage in result.stages}
    used |= {track.decoder.plugin_id for track in result.tracks if track.decoder is not None}
    assert len(used) == 3
    assert not app.runtime.instances()
    await asyncio.gather(*(app.runtime.unload(plugin) for plugin in used))
    assert not app.runtime.list()
    return result


async def main(source: Path, folder: Path, count: int) -> None:
    """Prints what there was and is."""
    paths = Paths(*(folder / name for name in ("config.toml", "state", "data", "cache", "runtime")))
    async with Application(Settings(limits=PATIENT), paths) as app:
        await fill_executor()
        for _ in range(WARM):
            await one_life(app, source)
        before = holdings()
        frames = sum([(await one_life(app, source)).frames for _ in range(count)])
        after = holdings()
    print(json.dumps({"frames": frames, "before": before, "after": after}))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
