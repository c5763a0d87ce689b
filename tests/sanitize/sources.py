"""Copies of the sources that may be changed, and the patches that change them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PLANTED", "ROOT", "Planted", "copy_sources", "patch", "planted_in"]

ROOT = Path(__file__).resolve().parents[2]
PATCHES = Path(__file__).resolve().parent / "patches"
PLANTED = PATCHES / "planted"
_SHOWS = re.compile(r"Shows: (.+) in (\w+)")


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug: the ``program`` that must meet it, and the words with which the sanitizer then begins."""

    path: Path
    program: str
    words: str

    @property
    def name(self) -> str:
        return self.path.stem


def planted_in(*programs: str) -> list[Planted]:
    """Those that the programs must meet; without any, all. Raises: ValueError for a patch that names nothing."""
    found = []
    for path in sorted(PLANTED.glob("*.patch")):
        shows = _SHOWS.fullmatch(path.read_text(encoding="utf-8").splitlines()[0])
        if shows is None:
            raise ValueError(f"{path.name} does not begin with a line Shows")
        if not programs or shows[2] in programs:
            found.append(Planted(path, shows[2], shows[1]))
    return found


def copy_sources(into: Path, *tops: str) -> Path:
    """What git knows of, or would, in these folders (none: everything), as it is now."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *tops]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in names:
        if name and (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, into / name)
    return into


def patch(tree: Path, path: Path) -> None:
    """Changes the copy. Raises: CalledProcessError; git says on stderr what does not fit."""
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}  # the copy is no repository
    subprocess.run(["git", "apply", str(path)], cwd=tree, env=environment, check=True)
