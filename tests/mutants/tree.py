"""Copies of the checkout: one that is built and stays as it is, and from it one for each mutant."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutant import ROOT, MutantError
from tests.mutants.witness import IMPATIENT_OPTION, SEEN_OPTION

__all__ = ["Seen", "Tree"]

_BUILD = ("-W", "ignore", "setup.py", "-q", "build_ext", "--inplace")
_COMPILER = Path(__file__).resolve().parent / "remembering-cc"
_BUILD_S = 300
_TEST_S = 60
_TESTS_S = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """One phase of one test. ``asserted``: an assertion ended it, or what had to be raised was not."""

    test: str
    when: str
    outcome: str
    error: str
    asserted: bool
    text: str


class Tree:
    """A copy of all sources; tests in it run against its own product, workers included."""

    def __init__(self, folder: Path) -> None:
        """One that is there."""
        self.folder = folder

    @classmethod
    def of_checkout(cls, folder: Path) -> Tree:
        """What git knows of, or would, as it is now, built. Plugins that are compiled already are taken as they are.

        Raises:
            MutantError: it cannot be built.
        """
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        # Where setuptools looks for what it need not build. The rest is what mutants change: the compiler is to see it.
        compiled = [path.relative_to(ROOT).as_posix() for path in (ROOT / "build").glob("lib*/native_plugins/*/*.so")]
        for name in (*names, *compiled):
            if name and (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        tree = cls(folder)
        tree.build()
        return tree

    def copy(self, folder: Path) -> Tree:
        """Another one, which may be changed."""
        shutil.copytree(self.folder, folder)
        return Tree(folder)

    def build(self) -> None:
        """Compiles what has changed. Raises: MutantError with what the compiler said last."""
        done = self._python(*_BUILD, within_s=_BUILD_S)
        if done.returncode:
            raise MutantError(f"it cannot be built: {(done.stderr or done.stdout).strip()[-400:]}")

    def test(self, tests: Collection[str], *, impatient: bool) -> tuple[list[Seen], str]:
        """Runs them; gives what was seen, and pytest's last words, for the case that it was nothing.

        ``impatient``: what a test leaves behind is not waited for.
        """
        seen = self.folder / "seen.jsonl"
        seen.touch()
        options = (
            f"--timeout={_TEST_S}",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "tests.mutants.witness",
            f"{SEEN_OPTION}={seen}",
            *([IMPATIENT_OPTION] if impatient else []),
        )
        done = self._python("-m", "pytest", *options, *sorted(tests), within_s=_TESTS_S)
        rows = [Seen(**json.loads(line)) for line in seen.read_text(encoding="utf-8").splitlines()]
        return rows, (done.stdout + done.stderr).strip()[-2000:]

    def _python(self, *arguments: str, within_s: float) -> subprocess.CompletedProcess[str]:
        objects = self.folder.parent / "objects"
        objects.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.folder),  # by which its workers find it, too
            "CC": str(_COMPILER),
            "MUTANT_OBJECTS": str(objects),
        }
        command = [sys.executable, *arguments]
        try:
            return subprocess.run(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=within_s,
            )
        except subprocess.TimeoutExpired as error:
            raise MutantError(f"{' '.join(arguments[:3])} took longer than {within_s:g} s") from error
