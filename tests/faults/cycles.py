"""``./tools/faults cycles``: plugins loaded and unloaded thousands of times in one host, which must stay as it was."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from abi.kinds import CapabilityKind
from host.app import Application
from host.ids import PluginId, TypeId
from host.settings import Paths, Settings
from tests.faults.command import Command
from tests.faults.place import place
from tests.support.patient import PATIENT
from tests.support.plugin_lives import fill_executor, holdings

__all__ = ["COMMAND", "Cycles", "Memory", "as_weighable", "cycles"]

_PLUGINS = (
    ("stellatune.dsp.gain", CapabilityKind.DSP, "gain"),
    ("stellatune.dsp.equalizer", CapabilityKind.DSP, "equalizer"),
    ("stellatune.dsp.limiter", CapabilityKind.DSP, "limiter"),
    ("stellatune.decoder.flac", CapabilityKind.DECODER, "flac"),
    ("stellatune.sink.null", CapabilityKind.OUTPUT_SINK, "null"),
)
_MOST_KIB = 1024
#: An allocator that holds little more than what is asked of it: pieces below the megabyte that is looked for, one heap,
#: buffers apart from it, nothing kept at its end.
_WEIGHABLE = {
    "PYTHONMALLOC": "malloc",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "0",
    "MALLOC_TOP_PAD_": "0",
}
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Memory:
    """Of this process, in KiB. ``own``: what no file holds. ``pss`` also says how many others map the same files."""

    rss: int
    pss: int
    own: int

    @staticmethod
    def now() -> Memory:
        """By the kernel's account, without what is garbage or free and was merely not given back yet."""
        gc.collect()
        _LIBC.malloc_trim(0)
        lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
        found = {line.split()[0]: int(line.split()[1]) for line in lines[1:]}
        return Memory(found["Rss:"], found["Pss:"], found["Anonymous:"])


@dataclass(slots=True)
class Cycles:
    """What the host held and weighed after the warm-up, and at the end; ``wrong``: all that was not as it must be."""

    times: int = 0
    processes: int = 0
    last_pid: int = 0
    wall_s: float = 0.0
    levels: list[Memory] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


async def cycles(
    folder: Path, times: int, warm: int, every: int, tell: Callable[[int, Memory], None] = lambda *_: None
) -> Cycles:
    """``warm`` of them first; the memory is looked at after each ``every``."""
    done = Cycles()
    paths = Paths(*(folder / name for name in ("config.toml", "state", "data", "cache", "runtime")))
    began = time.monotonic()
    async with Application(Settings(limits=PATIENT), paths) as app:
        await fill_executor()
        for number in range(warm):
            await _cycle(app, number, done)
        before = holdings()
        done.levels.append(Memory.now())
        for number in range(times - warm):
            await _cycle(app, number, done)
            if (number + 1) % every == 0:
                done.levels.append(Memory.now())
                tell(warm + number + 1, done.levels[-1])
        done.levels.append(Memory.now())
        after = holdings()
    done.wall_s = time.monotonic() - began
    for kind, counts in after.items():
        if kind == "mappings":
            continue  # the allocator's; what is ours stands under descriptors and shared memory, and is weighed
        changed = {name: count for name, count in counts.items() if count != before[kind].get(name, 0)}
        if changed:
            done.wrong.append(f"{kind}: {changed}, before { ({name: before[kind].get(name, 0) for name in changed}) }")
    ours = {name: count for name, count in after["mappings"].items() if "stellatune" in name}
    if ours != {name: count for name, count in before["mappings"].items() if "stellatune" in name}:
        done.wrong.append(f"mappings of ours: {ours}")
    return done


async def _cycle(app: Application, number: int, done: Cycles) -> None:
    """One plugin is loaded, makes an instance, and is unloaded; its process is gone then."""
    name, kind, type_name = _PLUGINS[number % len(_PLUGINS)]
    plugin = PluginId(name)
    instance = await app.runtime.create(plugin, kind, TypeId(type_name), {}, rate=48_000, channels=2)
    done.processes += instance.pid != done.last_pid
    done.last_pid = instance.pid
    await instance.destroy()
    await app.runtime.unload(plugin)
    done.times += 1
    if app.runtime.list():
        done.wrong.append(f"{plugin} is there after its unload: {app.runtime.list()}")


def as_weighable(*arguments: str) -> None:
    """Begins this trial anew with an allocator whose memory can be weighed, unless it has one."""
    if os.environ.get("PYTHONMALLOC") != "malloc":
        os.environ.update(_WEIGHABLE)
        os.execv(sys.executable, (sys.executable, "-m", "tests.faults", *arguments))


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=10_000, help="how many in all (10000)")
    parser.add_argument("--warm", type=int, default=500, help="how many of them before the memory is weighed (500)")


def _run(options: Namespace) -> int:
    as_weighable("cycles", "--times", str(options.times), "--warm", str(options.warm))
    every = max(1, options.times // 20)
    print(f"cycles: {options.times}, {options.warm} of them to warm up", flush=True)

    def tell(number: int, memory: Memory) -> None:
        print(f"  {number}: rss {memory.rss} KiB, pss {memory.pss} KiB, own {memory.own} KiB", flush=True)

    with place() as here:
        done = asyncio.run(cycles(here.folder, options.times, options.warm, every, tell))
    wrong = [*done.wrong, *here.left]
    first, last = done.levels[0], done.levels[-1]
    for name, was, is_ in (("rss", first.rss, last.rss), ("own memory", first.own, last.own)):
        if abs(is_ - was) > _MOST_KIB:
            wrong.append(f"{name}: {was} KiB after the warm-up, {is_} KiB at the end")
    print(f"{done.times} cycles in {done.wall_s:.0f} s ({done.wall_s / done.times * 1e3:.1f} ms each)")
    print(f"after the warm-up: {first}; at the end: {last} (KiB)")
    for each in wrong:
        print(f"WRONG: {each}")
    print(f"{len(wrong)} wrong" if wrong else "the host is as it was")
    return 1 if wrong else 0


COMMAND = Command("cycles", "loads and unloads without end in one host", _add_arguments, _run)
