"""The thread sanitizer: rings and pumps in one process, with threads for processes; and proof that it sees a race."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.sanitize.sources import PATCHES, Planted, copy_sources, patch, planted_in

__all__ = ["PROGRAMS", "Outcome", "Programs", "available", "check_planted", "run_threads"]

DRIVERS = Path(__file__).resolve().parent / "csrc"
TOPS = ("abi/include", "abi/sdk", "shm_audio/csrc", "plugin_worker/csrc")
#: gcc says of each fence that it is not modelled: what is proved here does not lean on one.
FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-tsan")
SANITIZER = ("-fsanitize=thread", "-fno-omit-frame-pointer")
WRAPPED = "-Wl,--wrap=mmap,--wrap=munmap,--wrap=mprotect"
#: Of each program its own files, and the folders of the product that it takes whole.
PROGRAMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "torture": (("torture", "one_mapping"), ("shm_audio/csrc",)),
    "chain": (("chain", "numbering", "one_mapping", "owner", "stages"), ("shm_audio/csrc", "plugin_worker/csrc")),
}
#: Blocks ahead of the reader and kept behind it: from one that is always full to one that hardly ever is.
RING_SIZES = ((1, 0), (2, 0), (4, 4), (32, 0))
FOUND = 66  # the sanitizer's exit code
TIMEOUT_S = 900.0
PLANTED_FRAMES = 1_000_000
PLANTED_BLOCKS = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """``said``: the program's one line, or the sanitizer's report. ``clean``: it went through without a finding."""

    name: str
    clean: bool
    said: str

    @property
    def summary(self) -> str:
        lines = [line for line in self.said.splitlines() if line.startswith("SUMMARY: ")] or self.said.splitlines()
        return lines[-1] if lines else "it said nothing"


def available(folder: Path) -> bool:
    """Whether this compiler and this machine can run an instrumented program at all."""
    (folder / "probe.c").write_text("int main(void) { return 0; }\n", encoding="ascii")
    try:
        subprocess.run(["gcc", *SANITIZER, "probe.c", "-o", "probe"], cwd=folder, check=True, capture_output=True)
        subprocess.run(["./probe"], cwd=folder, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


class Programs:
    """Both programs, or some, in a folder of the caller's, made of a copy of the sources that ``bug`` may spoil."""

    def __init__(self, folder: Path, *names: str, bug: Planted | None = None) -> None:
        """Raises: CalledProcessError, with what the compiler or git said on stderr."""
        self._folder = folder
        copy_sources(folder, *TOPS)
        patch(folder, PATCHES / "visible-to-threads.patch")
        if bug is not None:
            patch(folder, bug.path)
        includes = [f"-I{DRIVERS}", *(f"-I{top}" for top in TOPS)]
        for name in names or PROGRAMS:
            own, product = PROGRAMS[name]
            sources = [str(DRIVERS / f"{each}.c") for each in own]
            sources += [str(path) for each in product for path in sorted((folder / each).glob("*.c"))]
            command = ["gcc", *FLAGS, *SANITIZER, WRAPPED, *includes, *sources, "-o", name]
            subprocess.run([*command, "-lsoxr", "-lm", "-ldl", "-pthread"], cwd=folder, check=True)

    def torture(self, seed: int, frames: int, ahead: int, history: int) -> Outcome:
        """A ring of so many blocks."""
        return self._run(f"torture {ahead}+{history}", "torture", seed, frames, ahead, history)

    def chain(self, seed: int, blocks: int) -> Outcome:
        """Decoder, two effects and sink, until so many blocks are through."""
        return self._run(f"chain {seed}", "chain", seed, blocks)

    def _run(self, name: str, program: str, *arguments: int) -> Outcome:
        environment = {**os.environ, "TSAN_OPTIONS": f"halt_on_error=1:exitcode={FOUND}:second_deadlock_stack=1"}
        done = subprocess.run(
            [f"./{program}", *map(str, arguments)],
            cwd=self._folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return Outcome(name, done.returncode == 0, done.stdout.strip())


def check_planted(folder: Path, bug: Planted, seed: int) -> Outcome:
    """Clean: the sanitizer saw the bug, in one of the sizes at least."""
    programs = Programs(folder, bug.program, bug=bug)
    name = f"planted {bug.name}"
    for outcome in _trials(programs, bug.program, seed):
        if f"WARNING: ThreadSanitizer: {bug.words}" in outcome.said:
            return Outcome(name, True, f"seen: {outcome.summary}")
    return Outcome(name, False, "NOT SEEN")


def _trials(programs: Programs, program: str, seed: int) -> Iterator[Outcome]:
    if program == "chain":
        yield programs.chain(seed, PLANTED_BLOCKS)
        return
    for ahead, history in RING_SIZES:
        yield programs.torture(seed, PLANTED_FRAMES, ahead, history)


def run_threads(seed: int, blocks: int) -> int:
    """All of it, told line by line; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="stellatune-sanitize-") as name:
        folder = Path(name)
        if not available(folder):
            print("gcc or its libtsan is missing, or this machine does not let it run: apt-get install gcc")
            return 1
        print(f"thread sanitizer, seed {seed}", flush=True)
        bad = 0
        for outcome in _all(folder, seed, blocks):
            bad += not outcome.clean
            print(f"  {outcome.name:20} {outcome.summary}", flush=True)
            if not outcome.clean:
                print(outcome.said)
    print(f"thread: {bad} of these are not as they must be" if bad else "thread: no race, and every planted one seen")
    return 1 if bad else 0


def _all(folder: Path, seed: int, blocks: int) -> Iterator[Outcome]:
    programs = Programs(folder / "sound")
    for ahead, history in RING_SIZES:
        yield programs.torture(seed, blocks * 10, ahead, history)
    yield programs.chain(seed, blocks)
    yield programs.chain(seed + 1, blocks)
    for bug in planted_in(*PROGRAMS):
        yield check_planted(folder / bug.name, bug, seed)
