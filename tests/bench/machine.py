"""The machine that numbers come from: without it they mean nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

__all__ = ["machine_facts"]


def machine_facts() -> dict[str, str | int]:
    """Processor, cores, kernel, Python, compiler, and what else was going on."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count() or 0,
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "gcc": _first_line(["gcc", "--version"]),
        "commit": _first_line(["git", "describe", "--always", "--dirty"]),
        "load": " ".join(f"{each:.2f}" for each in os.getloadavg()),
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
    }


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return done.stdout.partition("\n")[0] or "unknown"
