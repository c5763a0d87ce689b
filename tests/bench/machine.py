"""The machine that numbers come from: without it they mean nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from tests.bench.clocks import median
from tests.bench.compiled import Programs, plugin_library

__all__ = ["machine_facts", "pace_beside_another"]

PACE_ROUNDS = 3
PACE_BLOCKS = 40_000
PACE_WARM_BLOCKS = 2_000


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


def pace_beside_another(programs: Programs, core: int) -> str:
    """How fast a core computes while another one does the same: near 1 for real cores, half of it for shared ones."""
    other = (core + 1) % (os.cpu_count() or 1)
    if other == core:
        return "one core only"
    library = plugin_library("dsp_gain")
    paces: list[float] = []
    for _ in range(PACE_ROUNDS):
        (alone,) = programs.run("gain_chain", library, 4, PACE_BLOCKS, PACE_WARM_BLOCKS, core)
        beside = programs.command("gain_chain", library, 4, 8 * PACE_BLOCKS, PACE_WARM_BLOCKS, other)
        with subprocess.Popen(beside, stdout=subprocess.DEVNULL) as neighbour:
            (together,) = programs.run("gain_chain", library, 4, PACE_BLOCKS, PACE_WARM_BLOCKS, core)
            neighbour.kill()
        paces.append(alone / together)
    return f"{median(paces):.2f}"
