"""What a mutant is: a patch that takes one defence out of the product, and the tests that must miss it.

A patch begins with head lines, then comes a unified diff with a line of context:

    Removes: what is gone, in a line
    Test: tests/unit/some/test_file.py::test_that_must_fail     (one line for each)
    Shows: WorkerLost      (where the test may end by this exception, and not by an assertion)
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["PATCHES", "ROOT", "Mutant", "MutantError", "mutants"]

ROOT = Path(__file__).resolve().parents[2]
PATCHES = Path(__file__).resolve().parent / "patches"
_HEAD = re.compile(r"(Removes|Test|Shows): (\S.*)")
_TOUCHED = re.compile(r"^\+\+\+ b/(\S+)$", re.MULTILINE)


class MutantError(Exception):
    """A patch is not what it must be, or does not apply."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """``tests`` are pytest's names of tests; a parametrised one may be named as a whole, or with its parameters."""

    name: str
    path: Path
    removes: str
    tests: tuple[str, ...]
    shows: str
    touches: tuple[str, ...]

    @property
    def needs_build(self) -> bool:
        """Whether it changes what is compiled."""
        return any(Path(file).suffix in (".c", ".h") for file in self.touches)

    def apply(self, tree: Path, *, check: bool = False) -> None:
        """Changes the sources in ``tree``; ``check``: only sees whether it could.

        Raises:
            MutantError: it does not fit.
        """
        command = ["git", "apply", *(["--check"] if check else []), str(self.path)]
        # The tree is no repository of its own: git must not look for one above it, and leave out what lies outside.
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MutantError(f"{self.name} does not apply: {done.stderr.strip()}")

    def missing_tests(self) -> list[str]:
        """Those of its tests that are not there."""
        return [test for test in self.tests if not _is_there(test)]


def mutants() -> list[Mutant]:
    """All of them, by name. Raises: MutantError."""
    return [_read(path) for path in sorted(PATCHES.glob("*.patch"))]


def _read(path: Path) -> Mutant:
    text = path.read_text(encoding="utf-8")
    head: dict[str, list[str]] = {"Removes": [], "Test": [], "Shows": []}
    for line in text[: text.find("--- a/")].splitlines():
        found = _HEAD.fullmatch(line)
        if found is None:
            raise MutantError(f"{path.name}: {line!r} is no head line")
        head[found[1]].append(found[2])
    touches = tuple(_TOUCHED.findall(text))
    if len(head["Removes"]) != 1 or not head["Test"] or len(head["Shows"]) > 1 or not touches:
        raise MutantError(f"{path.name}: it needs one line Removes, at least one line Test, and a diff")
    return Mutant(path.stem, path, head["Removes"][0], tuple(head["Test"]), "".join(head["Shows"]), touches)


def _is_there(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.is_file() and name.partition("[")[0] in _functions(path)


@cache
def _functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
