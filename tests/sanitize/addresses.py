"""The address and undefined behaviour sanitizers: hosts, workers and parts of the tests; and proof that they see."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.mutants.orphanage import orphanage
from tests.sanitize.instrumented import Instrumented
from tests.sanitize.scenes import PLAIN_RENDER, TESTS, Scene, scenes
from tests.sanitize.sources import Planted, planted_in

__all__ = ["run_addresses"]

_TAIL = 3000


class _Check:
    """Counts what was not as it must be."""

    def __init__(self, copy: Instrumented) -> None:
        self.findings = 0
        self.failures = 0
        self._copy = copy

    def scene(self, scene: Scene) -> None:
        """A command."""
        self._judge(scene.name, scene.codes, lambda: self._copy.run(scene.arguments, falls_are_reports=True))

    def tests(self, arguments: tuple[str, ...]) -> None:
        """A part of the suite."""
        self._judge(" ".join(arguments[:1]), (0,), lambda: self._copy.test(arguments))

    def planted(self, bug: Planted) -> None:
        """A bug that must be found."""
        self._copy.plant(bug)
        self._copy.run(PLAIN_RENDER.arguments, falls_are_reports=True)
        seen = any(bug.words in report for report in self._copy.take_reports())
        self.failures += not seen
        print(f"  planted {bug.name:19} {'seen' if seen else 'NOT SEEN'}", flush=True)

    def _judge(self, name: str, codes: tuple[int, ...], act: Callable[[], subprocess.CompletedProcess[str]]) -> None:
        began = time.monotonic()
        done = act()
        reports = self._copy.take_reports()
        failed = done.returncode not in codes
        self.findings += len(reports)
        self.failures += failed
        took_s = time.monotonic() - began
        print(f"  {name:27} exit code {done.returncode}, {len(reports)} findings, {took_s:.0f} s", flush=True)
        for report in reports:
            print(report[:_TAIL])
        if failed:
            print(done.stdout[-_TAIL:])


def run_addresses(seed: int, corpora: Path) -> int:
    """All of it, told line by line; gives the exit code."""
    print(f"address and undefined behaviour sanitizers, seed {seed}; building", flush=True)
    with tempfile.TemporaryDirectory(prefix="stellatune-sanitize-") as name, orphanage():
        folder = Path(name)
        if corpora.is_dir():
            (folder / "shared").mkdir()
            (folder / "shared/corpora").symlink_to(corpora.resolve())  # where the tests in the tree look for it
        else:
            print(f"  no real audio at {corpora}: only what is made on the spot")
        copy = Instrumented(folder)
        check = _Check(copy)
        for scene in scenes(copy.place, corpora, seed):
            check.scene(scene)
        for part in TESTS:
            check.tests(part)
        started, workers, blind = copy.processes()
        for bug in planted_in(PLAIN_RENDER.name):
            check.planted(bug)
    print(f"address: {started} processes and {workers} workers forked by them ran instrumented, {blind} workers not;")
    print(f"{check.findings} findings, {check.failures} failures")
    return 1 if check.findings or check.failures or blind or not workers else 0
