"""Going on in the background: the command returns when the host answers, or with the exit code it ended with.

Only before any thread and any loop: the process is forked twice.
"""

from __future__ import annotations

import os
import select
import sys

__all__ = ["Background", "into_background"]

_READ_BYTES = 16 << 10
_READY = b"1"


class Background:
    """What the process in the background holds: its way to say that it is ready."""

    def __init__(self, told: int) -> None:
        self._told = told

    def ready(self) -> None:
        """Nothing is written to the terminal from now on, and the command returns. Once."""
        sys.stdout.flush()
        sys.stderr.flush()
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, sys.stdout.fileno())
        os.dup2(null, sys.stderr.fileno())
        os.close(null)
        os.write(self._told, _READY)
        os.close(self._told)


def into_background() -> Background:
    """Returns in a process of its own session, without a way to a terminal's signals; never in the calling one."""
    sys.stdout.flush()
    sys.stderr.flush()
    session = os.fork()
    if session:
        os._exit(_code_of(session))
    os.setsid()
    ready_read, ready_write = os.pipe()
    words_read, words_write = os.pipe()
    host = os.fork()
    if host:
        os.close(ready_write)
        os.close(words_write)
        os._exit(0 if _hear(ready_read, words_read) else _code_of(host))
    os.close(ready_read)
    os.close(words_read)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, sys.stdin.fileno())
    os.close(null)
    # What the host starts inherits this, and must not keep the caller's terminal or pipe open.
    os.dup2(words_write, sys.stderr.fileno())
    os.close(words_write)
    return Background(ready_write)


def _hear(ready: int, words: int) -> bool:
    """Passes on what the host says until it is ready; False when it ended instead."""
    poll = select.poll()
    poll.register(ready, select.POLLIN)
    poll.register(words, select.POLLIN)
    while True:
        found = dict(poll.poll())
        if words in found:
            data = os.read(words, _READ_BYTES)
            if data:
                os.write(sys.stderr.fileno(), data)
                continue
            poll.unregister(words)
        if ready in found:
            return os.read(ready, 1) == _READY


def _code_of(pid: int) -> int:
    """How a child ended, as a shell calls it."""
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code if code >= 0 else 128 - code
