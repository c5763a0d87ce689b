"""T18 and what else was promised of scans: files a second beside mutagen, a second scan beside find, memory, recovery.

All of it over hard links to a few dozen files that real encoders made. A scan is a process of its own, as the command
is; its time is that of the scan itself, without the start of an interpreter, and so is mutagen's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.bench.clocks import median
from tests.bench.recovery import recovery_rounds
from tests.bench.rows import Better, Context, Distribution, Rounds, Row, Target
from tests.support.encoded import ENCODINGS

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("T18", "SCAN-AGAIN", "SCAN-MEMORY", "SCAN-T13")
T18 = Target("T18", "", Better.MORE, 1.0, 2.0)
AGAIN = Target("SCAN-AGAIN", "", Better.MORE, 0.5, 1.0)
MEMORY = Target("SCAN-MEMORY", "", Better.LESS, 1.5, 1.1)
BESIDE = Target("SCAN-T13", "", Better.LESS, 1.5, 1.1)
FILES = 20_000
MANY = 100_000
PER_FOLDER = 100
ROOT = Path(__file__).resolve().parents[2]

_MUTAGEN = """
import os, sys, time
import mutagen
began, read = time.perf_counter(), 0
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        file = mutagen.File(os.path.join(folder, name))
        if file is not None:
            file.info.length, dict(file.tags or {})
            read += 1
print(read / (time.perf_counter() - began))
"""
#: One scan, then what it did: its seconds, files, and resident bytes at a tenth of the way and at the end.
_SCAN = """
import asyncio, json, sys, time
from pathlib import Path
from host.app import scan_host
from host.library import Store, cover_folder
from host.library.scans import Scanning
from host.settings import Paths, Settings
from tests.bench.standing import promote
place, root, full = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "full"

def resident():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) << 10

async def main():
    settings, paths = Settings(), Paths(*[place / name for name in "abcde"])
    async with scan_host(settings, paths) as host:
        with Store.open(place / "library.db") as store:
            if root not in store.roots():
                store.add_root(root)
            covers = cover_folder(settings.library, store.database.path)
            async with Scanning(store, covers, host.runtime, host.bus, host.config_of, print, host.at_work) as scanning:
                await host.runtime.load("stellatune.decoder.flac", "scan")  # the zygote is warm
                began, early = time.perf_counter(), 0
                task = asyncio.create_task(scanning.run(full=full))
                while not task.done():
                    await asyncio.wait([task], timeout=0.02)
                    for worker in host.runtime.workers() if sys.argv[5] == "first" else ():
                        promote(worker.pid)
                    scan = scanning.scan
                    if not early and scan is not None and scan.tally.read >= int(sys.argv[4]):
                        early = resident()
                tally = await task
                wall_s = time.perf_counter() - began
    print(json.dumps({"wall_s": wall_s, "read": tally.read, "unchanged": tally.unchanged, "left": tally.left,
                      "problems": tally.problems, "early": early, "late": resident()}))

asyncio.run(main())
"""


def measure(context: Context) -> Iterator[Row | Distribution]:
    """Raises: RuntimeError when a scan did not do all of its work."""
    originals = _originals(context.folder / "originals")
    if "T18" in context.wanted:
        with suppress(ImportError):
            yield _beside_mutagen(context, originals)
    if not context.wanted.isdisjoint(("SCAN-AGAIN", "SCAN-MEMORY")):
        yield from _many(context, originals)
    if "SCAN-T13" in context.wanted:
        yield _recovery_beside(context, originals)


def _originals(folder: Path) -> list[Path]:
    """One file of each encoder that is here, tagged by it as it likes."""
    folder.mkdir()
    for encoding in ENCODINGS:
        if encoding.channels > 2:
            continue  # which `flac` does not take as a plain WAV
        with suppress(pytest.skip.Exception):
            encoding.make(folder, seconds=3, name=encoding.name)
    for wave in sorted(folder.glob("*.wav")):
        if shutil.which("flac") is not None:
            tags = [f"--tag={name}={wave.stem}" for name in ("TITLE", "ARTIST", "ALBUM", "DATE", "TRACKNUMBER")]
            subprocess.run(["flac", "--silent", *tags, "-o", wave.with_suffix(".flac"), wave], check=True)
        wave.unlink()
    found = sorted(folder.iterdir())
    if not found:
        raise RuntimeError("no encoder is here to make files with")
    return found


def _links(folder: Path, originals: list[Path], count: int) -> Path:
    for number in range(count):
        source = originals[number % len(originals)]
        target = folder / f"{number // PER_FOLDER}" / f"{number % PER_FOLDER}{source.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target)
    return folder


def _scanned(place: Path, root: Path, *, full: bool = False, early: int = 0) -> dict[str, float]:
    place.mkdir(exist_ok=True)
    command = [sys.executable, "-c", _SCAN, str(place), str(root), "full" if full else "", str(early), "first"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if told["left"] or told["problems"]:
        raise RuntimeError(f"the scan did not read all: {told}")
    return told


def _beside_mutagen(context: Context, originals: list[Path]) -> Row:
    """Raises: ImportError: mutagen is not here."""
    import mutagen

    both: list[Path] = []
    for path in originals:
        with suppress(mutagen.MutagenError):  # it does not take what LAME writes without a header
            both += [path] if mutagen.File(path) is not None else []
    count = FILES // 4 if context.quick else FILES
    root = _links(context.folder / "links", both, count)
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(context.rounds):
        done = subprocess.run(
            [sys.executable, "-c", _MUTAGEN, str(root)], check=True, capture_output=True, text=True, cwd=ROOT
        )
        theirs.append(float(done.stdout))
        told = _scanned(context.folder / f"scan-{number}", root)
        if told["read"] != count:
            raise RuntimeError(f"{told['read']} of {count} files were read")
        ours.append(told["read"] / told["wall_s"])
    quantity = f"files a second, scan of {count} into the library, mutagen"
    return Row(T18, quantity, "1/s", Rounds(tuple(ours), tuple(theirs)))


def _many(context: Context, originals: list[Path]) -> Iterator[Row | Distribution]:
    count = MANY // 10 if context.quick else MANY
    root = _links(context.folder / "many", originals, count)
    place = context.folder / "many-library"
    first = _scanned(place, root, early=count // 10)
    yield Distribution("SCAN-AGAIN", f"first scan of {count} files", "files/s", (first["read"] / first["wall_s"],))
    memory = Rounds((first["late"] / 2**20,), (first["early"] / 2**20,))
    yield Row(MEMORY, "resident at the end of a scan, at a tenth of it", "MiB", memory)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(context.rounds):
        began = time.perf_counter()
        subprocess.run(["find", str(root), "-type", "f", "-printf", "%s %T@\n"], check=True, stdout=subprocess.DEVNULL)
        theirs.append(count / (time.perf_counter() - began))
        again = _scanned(place, root)
        if again["unchanged"] != count or again["read"]:
            raise RuntimeError(f"the second scan found changes: {again}")
        ours.append(count / again["wall_s"])
    yield Row(AGAIN, f"files a second, scan of {count} unchanged, find", "1/s", Rounds(tuple(ours), tuple(theirs)))


def _recovery_beside(context: Context, originals: list[Path]) -> Row:
    """Recoveries while a full scan goes on, against those of an idle machine; the scan steps back, as the command."""
    root = _links(context.folder / "beside", originals, FILES if context.quick else 3 * FILES)
    idle: list[float] = []
    beside: list[float] = []
    for number in range(context.rounds):
        idle.append(median(recovery_rounds(context.folder / f"idle-{number}", context.quick)))
        place = context.folder / f"beside-{number}"
        place.mkdir()
        before = "from host.supervise import step_back; step_back()\n"
        command = [sys.executable, "-c", before + _SCAN, str(place), str(root), "", "0", "behind"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as scan:
            try:
                beside.append(median(recovery_rounds(context.folder / f"busy-{number}", context.quick)))
                if scan.poll() is not None:
                    raise RuntimeError("the scan was over before the recoveries were")
            finally:
                scan.terminate()
    return Row(BESIDE, "T13 while a scan goes on, without one", "ms", Rounds(tuple(beside), tuple(idle)))
