"""One pipelined run: a driver keeps the rings of a chain full, and the clocks of its hops are read around it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.clocks import cpu_ns
from tests.bench.compiled import Programs, numbers

__all__ = ["Streamed", "stream"]

ANSWER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Streamed:
    """Microseconds for one block through the whole chain, and of processor time for one block in one hop."""

    block_us: float
    hop_cpu_us: float


def stream(
    programs: Programs, fds: tuple[int, int], pids: Sequence[int], *, blocks: int, warm: int, wake: int, core: int
) -> Streamed:
    """Moves ``blocks`` through the rings' ends ``fds`` with the driver on ``core`` (-1: anywhere).

    Raises:
        CalledProcessError: the driver gave up on the chain.
    """
    command = programs.command("stream_driver", *fds, blocks, warm, wake, core)
    driver = subprocess.Popen(command, pass_fds=fds, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert driver.stdin is not None and driver.stdout is not None
    with driver:
        driver.stdout.read(ANSWER_BYTES)  # warm
        before = sum(cpu_ns(pid) for pid in pids)
        driver.stdin.write(b".")
        driver.stdin.flush()
        answer = numbers(driver.stdout.read(ANSWER_BYTES))
        after = sum(cpu_ns(pid) for pid in pids)
    if driver.returncode != 0 or len(answer) != 1:
        raise subprocess.CalledProcessError(driver.returncode, command)
    return Streamed(answer[0] / blocks / 1000, (after - before) / blocks / len(pids) / 1000)
