"""``./tools/faults hostkill``: SIGKILL for the host itself at any moment: nothing of it stays, the next one starts."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom

from tests.e2e.audio import noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.faults.command import Command
from tests.faults.measured import spread, table
from tests.faults.orphans import Orphanage, children_of, orphanage
from tests.faults.place import place
from tests.support.c_plugins import build_plugin
from tests.support.waiting import until

__all__ = ["COMMAND", "MOMENTS", "HostKills", "host_kills"]

MOMENTS = ("playing", "starting", "recovering")
BACKENDS = ("memfd", "posix")
RATE_HZ = 44_100
GONE_WITHIN_S = 1.0
_MUSIC_S = 60
_PLAY_S = 0.5
_RECOVER_S = 0.08
_PATIENCE_S = 60.0


@dataclass(slots=True)
class HostKills:
    """What came of them. ``took``: seconds until the last descendant was gone, by moment."""

    took: dict[str, list[float]] = field(default_factory=dict)
    descendants: dict[str, int] = field(default_factory=dict)
    starts: int = 0
    wrong: list[str] = field(default_factory=list)


class _Trial:
    def __init__(self, folder: Path, random: Random) -> None:
        self.done = HostKills({each: [] for each in MOMENTS}, dict.fromkeys(MOMENTS, 0))
        self._random = random
        self._start_s = 0.0  # how long the last one took to play
        self._folder = folder
        self._temporary = folder / "temporary"
        self._temporary.mkdir()
        self._capture = build_plugin("capture", folder).folder
        self._command = Stellatune(folder)
        self._music = write_wav(folder / "music.wav", noise(_MUSIC_S * RATE_HZ), RATE_HZ)
        self._short = write_wav(folder / "short.wav", noise(RATE_HZ // 10), RATE_HZ)

    def kill(self, number: int, limit_s: float) -> None:
        """One host, started and killed; then another."""
        moment, backend = MOMENTS[number % len(MOMENTS)], BACKENDS[number // len(MOMENTS) % len(BACKENDS)]
        where = f"host {number} ({moment}, {backend})"
        heard = self._folder / f"heard{number}"
        shared = set(os.listdir("/dev/shm"))
        environment = self._environment(backend)
        effects = ("--dsp", "equalizer", "--dsp", "gain")
        with orphanage() as orphans:
            host = self._command.start("play", self._music, *effects, "--output", f"capture:{heard}", **environment)
            with host:
                self._wait_for(moment, host, heard.with_name(f"{heard.name}.journal"))
                self.done.descendants[moment] += len(_descendants(host.pid))
                self._expect(host.poll() is None, f"{where}: it ended by itself")
                host.kill()
                host.communicate()
            self._expect(host.returncode == -signal.SIGKILL, f"{where}: it ended with {host.returncode}")
            self._look(orphans, moment, where, limit_s)
        left = set(os.listdir("/dev/shm")) - shared
        self._expect(not left, f"{where}: shared objects are left: {left}")
        temporary = os.listdir(self._temporary)
        self._expect(not temporary, f"{where}: temporary files are left: {temporary}")
        heard.with_name(f"{heard.name}.f32").unlink(missing_ok=True)
        self._start_again(where, environment)

    def _environment(self, backend: str) -> dict[str, str]:
        return {
            "STELLATUNE_PLUGIN_PATH": str(self._capture),
            "STELLATUNE_SHM": backend,
            "TMPDIR": str(self._temporary),
        }

    def _wait_for(self, moment: str, host: subprocess.Popen[str], journal: Path) -> None:
        """A moment like that."""
        if moment == "starting":
            time.sleep(
                self._random.triangular(0, self._start_s, self._start_s)
            )  # late rather: then there are processes
            return
        began = time.monotonic()
        until(lambda: journal.exists() and b"write" in journal.read_bytes(), _PATIENCE_S)
        self._start_s = time.monotonic() - began
        time.sleep(self._random.uniform(0, _PLAY_S))
        if moment == "recovering":
            workers = children_of(host.pid)[1:]  # the first is the one that forks them
            os.kill(self._random.choice(workers), signal.SIGKILL)
            time.sleep(self._random.uniform(0, _RECOVER_S))

    def _look(self, orphans: Orphanage, moment: str, where: str, limit_s: float) -> None:
        took = orphans.empty_within(limit_s)
        if took is not None:
            self.done.took[moment].append(took)
            self._command.expect_nothing_left()
            return
        self._expect(False, f"{where}: {orphans.left()} still live after {limit_s:g} s")
        orphans.empty_within(_PATIENCE_S)

    def _start_again(self, where: str, environment: dict[str, str]) -> None:
        outcome = self._command("play", self._short, "--dsp", "gain", "--output", "null", **environment)
        self._expect(outcome.code == 0, f"after {where}: the next start gave {outcome.code}: {outcome.err}")
        self.done.starts += outcome.code == 0

    def _expect(self, true: bool, otherwise: str) -> None:
        if not true:
            self.done.wrong.append(otherwise)


def _descendants(pid: int) -> list[int]:
    return [each for child in children_of(pid) for each in (child, *_descendants(child))]


def host_kills(
    folder: Path,
    times: int,
    random: Random,
    limit_s: float = GONE_WITHIN_S,
    tell: Callable[[int], None] = lambda _: None,
) -> HostKills:
    """So many hosts, one after the other; ``limit_s``: until all that descends from a killed one must be gone."""
    trial = _Trial(folder, random)
    for number in range(times):
        trial.kill(number, limit_s)
        tell(number)
    done = trial.done
    if sum(done.descendants.values()) == 0:
        done.wrong.append("no host ever had a process")
    return done


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=50, help="how many hosts (50)")
    parser.add_argument("--seed", type=int, help="of the moments; chosen and told when not given")


def _run(options: Namespace) -> int:
    seed: int = options.seed if options.seed is not None else SystemRandom().getrandbits(32)
    print(f"hostkill: {options.times} hosts, seed {seed}", flush=True)
    with place() as here:
        done = host_kills(here.folder, options.times, Random(seed))
    rows = [["moment", "hosts", "processes they had", "until the last was gone"]]
    for moment, took in done.took.items():
        rows.append([moment, str(len(took)), str(done.descendants[moment]), spread(took)])
    wrong = [*done.wrong, *here.left]
    print(table(rows))
    print(f"{done.starts} of {options.times} next starts worked")
    for each in wrong:
        print(f"WRONG: {each}")
    print(f"{len(wrong)} wrong" if wrong else "nothing was left of any host")
    return 1 if wrong else 0


COMMAND = Command("hostkill", "SIGKILL for the host; nothing of it stays", _add_arguments, _run)
