"""``./tools/faults scan``: hundreds of broken and some deadly files under a scan beside music; bursts under a watch."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import SystemRandom

import pytest

from host.library import Store
from tests.e2e.audio import noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.faults.command import Command
from tests.support.bad_files import make_bad_files
from tests.support.encoded import ENCODINGS
from tests.support.scanned import frames_file, killer
from tests.support.waiting import until

__all__ = ["COMMAND"]

_KINDS = ("segv", "abort", "ill", "fpe", "stack_overflow", "heap_corruption", "exit", "_exit", "spin", "deadlock")
_PHASES = ("open", "destroy")
_WITHIN_S = 600.0


class _Judge:
    """Says what is not as it must be, and remembers that something was."""

    def __init__(self) -> None:
        self.failed = False

    def expect(self, holds: bool, text: str) -> None:
        if not holds:
            self.failed = True
            print(f"NOT SO: {text}", file=sys.stderr)


def _goods(folder: Path) -> list[Path]:
    """One file of every encoder that is here, and a WAV."""
    folder.mkdir(parents=True)
    made = [write_wav(folder / "plain.wav", noise(30_000))]
    for encoding in ENCODINGS:
        try:
            made.append(encoding.make(folder, seconds=2, name=encoding.name)[0])
        except pytest.skip.Exception:
            print(f"without {encoding}: its encoder is missing", file=sys.stderr)
    return made


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _scan_beside_music(stellatune: Stellatune, place: Path, count: int, seed: int, judge: _Judge) -> None:
    music = place / "music"
    goods = _goods(music / "good")
    bads = make_bad_files(music / "bad", goods, count, seed)
    killers = [killer(music / f"killers/{kind}-{phase}.frames", kind, phase) for kind in _KINDS for phase in _PHASES]
    song = write_wav(place / "song.wav", noise(44_100 * 60))
    stellatune.ok("render", song, "-o", place / "alone.wav")
    stellatune.ok("library", "add", music)
    renders = 0
    with stellatune.start("--json", "library", "scan") as scan:
        while scan.poll() is None:
            with stellatune.start("render", song, "-o", place / "beside.wav") as beside:
                judge.expect(beside.wait(_WITHIN_S) == 0, "a render beside the scan failed")
            judge.expect(_digest(place / "beside.wav") == _digest(place / "alone.wav"), "the music was another")
            renders += 1
        judge.expect(scan.wait() == 10, f"the scan ended with {scan.returncode}")
    first = stellatune("--json", "library", "stats").document
    problems = stellatune("--json", "library", "problems").document["problems"]
    second = stellatune("--json", "library", "scan").document
    named = [each["path"] for each in problems]
    kinds = Counter(each["kind"] for each in problems)
    whole = second["found"] - len(bads) - len(killers)
    print(f"{whole} whole, {len(bads)} broken, {len(killers)} deadly files: {first['tracks']} tracks, {dict(kinds)}")
    print(f"{renders} renders beside the scan, all the same; second scan: {second['read']} read of {second['found']}")
    judge.expect(len(set(named)) == len(named), "a file is named twice")
    judge.expect({str(path) for path in killers} <= set(named), "a culprit is not named")
    judge.expect(first["tracks"] + len(named) == second["found"], "a file is neither a track nor a problem")
    judge.expect(first["tracks"] >= whole >= len(goods), "a whole file is no track")
    judge.expect((second["read"], second["deaths"], second["problems"]) == (0, 0, 0), "the second scan did it again")


def _bursts(stellatune: Stellatune, place: Path, count: int, judge: _Judge) -> None:
    root = place / "watched"
    root.mkdir()
    source = frames_file(place / "source.frames")
    stellatune.ok("library", "add", root)
    database = next((place / "home").rglob("library.db"))

    def agrees() -> bool:
        with Store.open(database) as store:
            known = {row[0] for row in store.known(root)}
        return known == {bytes(path) for path in root.rglob("*.frames")}

    with stellatune.start("--json", "library", "watch") as watch:
        assert watch.stdout is not None
        watch.stdout.readline()  # the first scan is done
        for number in range(count):
            target = root / f"{number % 50}/{number}.frames"
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
        _wait(agrees, f"{count} copied", judge)
        for number in range(25):
            (root / str(number)).rename(root / f"moved-{number}")
        for number in range(25, 50):
            shutil.rmtree(root / str(number))
        _wait(agrees, "half moved, half deleted", judge)
        watch.send_signal(signal.SIGINT)
        watch.communicate(timeout=60)


def _wait(agrees: Callable[[], bool], what: str, judge: _Judge) -> None:
    began = time.monotonic()
    judge.expect(until(agrees, _WITHIN_S), f"{what}: the library is not as the folder is")
    print(f"{what}: the library is as the folder is after {time.monotonic() - began:.1f} s")


def _run(options: Namespace) -> int:
    seed = SystemRandom().getrandbits(32) if options.seed is None else options.seed
    print(f"seed {seed}")
    judge = _Judge()
    with tempfile.TemporaryDirectory(prefix="stellatune-scan-") as folder:
        place = Path(folder)
        stellatune = Stellatune(place)
        stellatune.limits = replace(stellatune.limits, open_ms=1000, destroy_ms=1000)
        _scan_beside_music(stellatune, place, options.files, seed, judge)
        _bursts(stellatune, place, options.burst, judge)
        stellatune.expect_nothing_left()
    return 1 if judge.failed else os.EX_OK


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--files", type=int, default=240, help="broken files")
    parser.add_argument("--burst", type=int, default=1000, help="files that are copied, moved and deleted")
    parser.add_argument("--seed", type=int, help="of the broken files; random unless given")


_ABOUT = "broken and deadly files under a scan beside music, and bursts of changes under a watch"
COMMAND = Command("scan", _ABOUT, _add_arguments, _run)
