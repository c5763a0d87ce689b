"""Runs a small module of ``tests/support`` as a process of its own, with descriptors passed on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["ROOT", "run_child", "start_child"]

ROOT = Path(__file__).resolve().parents[2]


def start_child(module: str, *arguments: object, fds: Sequence[int] = ()) -> subprocess.Popen[str]:
    """Starts it; the caller waits for it."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *map(str, arguments)],
        pass_fds=tuple(fds),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def run_child(module: str, *arguments: object, fds: Sequence[int] = (), within_s: float = 30) -> tuple[int, str]:
    """Runs it to its end: exit status (negative: the signal) and what it printed. A child that overstays is killed."""
    with start_child(module, *arguments, fds=fds) as child:
        try:
            out, _ = child.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            child.kill()
            raise
    return child.returncode, out
