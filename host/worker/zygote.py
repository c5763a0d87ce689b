"""The host's end of the zygote: one process that has imported all a worker needs, and forks one at each request.

Started when the first worker is wanted, or before; started anew when it was lost. Workers it made do not need it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from host.worker.process import AdoptedProcess, WorkerProcess
from host.zygote_process import adopt_orphans, spawn_zygote, take_early

__all__ = ["Zygote"]

_ANSWER_BYTES = 256
_PATIENCE_S = 5.0


class Zygote:
    """Makes workers for one host. The loop's thread only."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._waiting: dict[int, asyncio.Future[tuple[int, int]]] = {}
        self._number = 0

    def warm(self) -> None:
        """Starts it, if it does not run, and does not wait until it is warm.

        Raises:
            OSError: no memory, no process or no descriptor left.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self._forget()
        begun = take_early() or spawn_zygote()
        self._process, self._socket = begun

    async def start(self, channels: Sequence[int], output_fd: int) -> WorkerProcess:
        """A worker on two sockets, control and events; its stdout and stderr go to ``output_fd``.

        Raises:
            OSError: there is no zygote, or it cannot fork.
        """
        self.warm()
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.add_reader(self._socket.fileno(), self._read)
        self._number = number = (self._number + 1) % (1 << 32)
        answer: asyncio.Future[tuple[int, int]] = loop.create_future()
        self._waiting[number] = answer
        try:
            socket.send_fds(self._socket, [number.to_bytes(4, "little")], [*channels, output_fd])
            async with asyncio.timeout(_PATIENCE_S):
                pid, pidfd = await asyncio.shield(answer)
        except TimeoutError:
            self._forget()  # whoever waits for it gets an error; the next start makes a new one
            answer.exception()  # seen
            raise OSError("the process that forks workers does not answer") from None
        except asyncio.CancelledError:
            answer.add_done_callback(_abandon)
            raise
        except OSError:
            self._forget()
            with suppress(OSError):
                answer.result()
            raise
        return AdoptedProcess(pid, pidfd)

    def _read(self) -> None:
        assert self._socket is not None
        try:
            data, fds, _, _ = socket.recv_fds(self._socket, _ANSWER_BYTES, 1)
        except BlockingIOError:
            return
        except OSError:
            data, fds = b"", []
        if not data:
            self._forget()
            return
        number, pid = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:8], "little")
        answer = self._waiting.pop(number, None)
        if not self._waiting:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
        if answer is not None and pid and len(fds) == 1:
            answer.set_result((pid, fds[0]))
            return
        for fd in fds:
            os.close(fd)
        if answer is not None:
            answer.set_exception(OSError(data[8:].decode("utf-8", "replace") or "the zygote answers nonsense"))

    def _forget(self) -> None:
        """The zygote is gone, or is to go: whoever waits for it waits in vain."""
        if self._socket is not None:
            if self._waiting:
                asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.set_exception(OSError("the process that forks workers was lost; the next start makes a new one"))
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()  # it holds nothing that would need an orderly end
            process.wait()

    def close(self) -> None:
        """Ends it; twice is fine. Its workers live on; orphans of others are not this process's any more."""
        self._forget()
        adopt_orphans(False)


def _abandon(answer: asyncio.Future[tuple[int, int]]) -> None:
    """Nobody wants the worker any more."""
    if answer.cancelled() or answer.exception() is not None:
        return
    process = AdoptedProcess(*answer.result())
    process.kill_group()
    asyncio.get_running_loop().add_reader(process.pidfd, _bury, process)


def _bury(process: AdoptedProcess) -> None:
    if process.reap() is not None:
        asyncio.get_running_loop().remove_reader(process.pidfd)
        process.close()
