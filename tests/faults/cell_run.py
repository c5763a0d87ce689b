"""Runs one cell: its host in a process of its own, below a process that adopts and counts whatever the host leaves."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.cell_host import perform
from tests.faults.cell_judge import judge
from tests.faults.cell_trial import Trial, lay_out
from tests.faults.cells import Cell
from tests.support.waiting import until

__all__ = ["Outcome", "outcome_of", "start"]

HOST_DEADLINE_S = 60.0
_GONE_WITHIN_S = 1.0
_PR_SET_CHILD_SUBREAPER = 36
_OUTCOME = "outcome.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one cell, whatever happened. ``host_died``: it crashed, hung, or failed in a way that no error of ours is."""

    name: str
    observed: str
    fired: int
    frames: int
    host_died: bool
    leaks: int
    wall_s: float
    problems: tuple[str, ...]


def start(cell: Cell, place: Path) -> int:
    """Begins with a cell; gives the pid to wait for. ``outcome_of`` reads what came of it."""
    place.mkdir(parents=True)
    return _forked(place / "log", lambda: _supervise(cell, place))


def outcome_of(cell: Cell, place: Path) -> Outcome:
    """After the process has ended."""
    path = place / _OUTCOME
    if not path.exists():
        said = (place / "log").read_text()[-2000:]
        return Outcome(cell.name, "!", 0, 0, False, 0, 0.0, (f"the experiment itself failed: {said}",))
    document = json.loads(path.read_text())
    return Outcome(**{**document, "problems": tuple(document["problems"])})


def _supervise(cell: Cell, place: Path) -> None:
    """Becomes the parent of all orphans, runs the host, judges, counts."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began = time.monotonic()
    trial = lay_out(cell, place)
    host = _forked(place / "host.log", lambda: perform(trial))
    ending = _ended(host, place / "host.log")
    left = (*_processes_left(), *_files_left(trial))
    verdict = judge(trial, ending, left)
    leaks = len(left) + sum(problem.startswith("the host kept") for problem in verdict.problems)
    wall_s = round(time.monotonic() - began, 3)
    outcome = Outcome(
        cell.name, verdict.observed, verdict.fired, verdict.frames, bool(ending), leaks, wall_s, verdict.problems
    )
    (place / _OUTCOME).write_text(json.dumps(asdict(outcome)))


def _forked(log: Path, work: Callable[[], None]) -> int:
    """A process that does the work and ends with 0; what it says, and why it failed, goes to ``log``."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.setsid()
        fd = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        for known in (1, 2):
            os.dup2(fd, known)
        os.close(fd)
        work()
        status = 0
    finally:
        if status:
            os.write(2, traceback.format_exc().encode())
        os._exit(status)


def _ended(host: int, log: Path) -> str:
    """Waits for the host; empty when it ended in order, else how."""
    fd = os.pidfd_open(host)
    try:
        in_time = until(
            lambda: os.waitid(os.P_PIDFD, fd, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None, HOST_DEADLINE_S
        )
        if not in_time:
            signal.pidfd_send_signal(fd, signal.SIGKILL)
    finally:
        os.close(fd)
    _, status = os.waitpid(host, 0)
    if not in_time:
        return f"did not end within {HOST_DEADLINE_S:g} s"
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return ""
    said = log.read_text().splitlines()
    return f"ended with {code}: {said[-1] if said else ''}"


def _processes_left() -> tuple[str, ...]:
    """Orphans and zombies of the host, after the second that they may take; those that live are ended."""
    until(lambda: not _children(), _GONE_WITHIN_S)
    found = _children()
    for pid, _ in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
    return tuple(f"process {text}" for _, text in found)


def _children() -> list[tuple[int, str]]:
    """Reaps nobody: a zombie would have been the host's to reap."""
    pids = [int(pid) for pid in Path("/proc/self/task", str(os.getpid()), "children").read_text().split()]
    return [(pid, f"{pid} {_stat(pid)}") for pid in pids]


def _stat(pid: int) -> str:
    with suppress(OSError):
        return " ".join(Path(f"/proc/{pid}/stat").read_text().split()[1:3])
    return "gone"


def _files_left(trial: Trial) -> tuple[str, ...]:
    """Temporary files, and what does not belong into the host's own folders."""
    own = {path for folder in (trial.temporary, trial.place / "run") for path in folder.rglob("*")}
    state = {path for path in trial.paths.state_dir.rglob("*") if path.suffix in (".tmp", ".part")}
    return tuple(f"file {path.relative_to(trial.place)}" for path in sorted(own | state))
