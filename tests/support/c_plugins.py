"""Compiles the small C plugins of ``tests/plugins`` the way ours are built."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from host.packages import PluginManifest, read_manifest

__all__ = ["build_plugin"]

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests/plugins"
FLAGS = ("-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared")
INCLUDES = tuple(f"-I{ROOT / 'abi' / name}" for name in ("include", "sdk"))


def build_plugin(name: str, into: Path, *defines: str) -> PluginManifest:
    """``tests/plugins/NAME`` as a plugin folder in ``into``, also over an older build. Raises: CalledProcessError."""
    folder = into / name
    folder.mkdir(exist_ok=True)
    shutil.copy(SOURCES / name / "plugin.toml", folder)
    sources = [str(path) for path in sorted((SOURCES / name).glob("*.c"))]
    flags = (*FLAGS, "-fvisibility=hidden", *(f"-D{each}" for each in defines))
    subprocess.run(["gcc", *flags, *INCLUDES, *sources, "-o", str(folder / f"{name}.so"), "-lm"], check=True)
    return read_manifest(folder)
