"""Workers are siblings of the zygote by one fork; where the system has no such fork, they come by two."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from abi.wire import Ping
from host.ids import Generation, PluginId, Role
from host.settings import Limits
from host.worker import WorkerHandle, WorkerSpec, Zygote, spawn

SPEC = WorkerSpec(PluginId("test.dsp.sibling"), Role.PLAY, Generation(1))
TIMEOUT_S = 20.0

FORK = """
import ctypes, os, sys, threading
sys.path.insert(0, {root!r})
from plugin_worker.sibling import fork_sibling
grandparent = os.getppid()
pid, pidfd = fork_sibling()
if pid == 0:
    seen = []
    thread = threading.Thread(target=lambda: seen.append(1))
    thread.start()
    thread.join()
    raising = ctypes.CDLL(None)
    facts = (os.getpid(), os.getppid() == grandparent, threading.get_native_id() == os.getpid(), seen)
    os.write(1, (" ".join(map(str, facts)) + chr(10)).encode())  # whole: two processes write here
    raising.abort()
os.write(1, (str(pidfd >= 0) + chr(10)).encode())
"""

WITHOUT = """
import errno, sys
sys.path.insert(0, {root!r})
from plugin_worker import zygote
def fork_sibling():
    raise OSError(errno.ENOSYS, "no")
zygote.fork_sibling = fork_sibling
zygote.main(sys.argv[1:])
"""


def test_a_sibling_is_the_parents_child_and_knows_its_own_id(root: Path) -> None:
    """Were the C library's idea of the thread's id the old one, abort would not end it by SIGABRT."""
    with subprocess.Popen(
        [sys.executable, "-c", FORK.format(root=str(root))], stdout=subprocess.PIPE, text=True
    ) as middle:
        out, _ = middle.communicate(timeout=TIMEOUT_S)
    assert middle.returncode == 0
    forked, told = sorted(out.splitlines(), key=len)
    pid, *facts = told.split(" ", 1)
    assert (forked, facts) == ("True", ["True True [1]"])
    assert os.waitstatus_to_exitcode(os.waitpid(int(pid), 0)[1]) == -signal.SIGABRT


@pytest.mark.parametrize("siblings", [True, False])
def test_a_worker_is_the_hosts_child_either_way(root: Path, monkeypatch: pytest.MonkeyPatch, siblings: bool) -> None:
    if not siblings:
        program = (sys.executable, "-c", WITHOUT.format(root=str(root)))
        monkeypatch.setattr("host.zygote_process._PROGRAM", program)

    async def scenario() -> None:
        zygote = Zygote()
        try:
            worker = await spawn(SPEC, lambda _handle, _event: None, Limits(handshake_ms=20_000), zygote.start)
            await worker.request(Ping(), TIMEOUT_S)
            assert parent_of(worker) == os.getpid()
            os.kill(worker.pid, signal.SIGKILL)
            status = await worker.wait_exit(TIMEOUT_S)
            assert status is not None
            assert status.signal == signal.SIGKILL
        finally:
            zygote.close()

    asyncio.run(scenario())


def parent_of(worker: WorkerHandle) -> int:
    stat = Path(f"/proc/{worker.pid}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])
