"""Who steps back does so for itself and for what it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os, sys
if sys.argv[1:]:
    from host.supervise import step_back
    step_back()
    os.execv(sys.executable, [sys.executable, "-c", sys.stdin.read()])
print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0), *sorted(os.sched_getaffinity(0)))
"""


def test_it_leaves_a_core_to_others_and_so_does_what_it_starts() -> None:
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "back"], input=PROGRAM, cwd=root, capture_output=True, text=True, check=True
    )
    nice, policy, *cores = map(int, done.stdout.split())
    assert (nice, policy) == (19, os.SCHED_BATCH)
    ours = sorted(os.sched_getaffinity(0))
    assert cores == (ours[:-1] or ours)
