"""``python -m tests.support.trespass KIND [FD]``: touches memory that is not ours, and says so first.

Each kind does what it may, prints ``allowed``, then does what it may not, and prints ``survived`` if that went well.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from plugin_worker._core import ffi, lib
from shm_audio import _core as shm_core

__all__ = ["main"]

SAMPLES = 128
PAGE = 4096


def say(word: str) -> None:
    os.write(1, f"{word}\n".encode())


def ring_page(fd: int, side: int, page: int) -> ffi.CData:  # type: ignore[name-defined]  # cffi's pointers
    """The first float of one page of a mapped ring."""
    face = shm_core.ffi.new("st_ring *")
    assert shm_core.lib.st_ring_map(face, fd, side) == shm_core.lib.ST_RING_OK
    words = int(shm_core.ffi.cast("uintptr_t", face.words))
    return ffi.cast("volatile float *", words + (page - 1) * PAGE)


def reader_writes_audio(fd: int) -> None:
    audio = ring_page(fd, lib.ST_RING_READER, 2)
    assert audio[0] == 0.5
    say("allowed")
    audio[0] = 1.0


def anybody_writes_format(fd: int) -> None:
    page = ring_page(fd, lib.ST_RING_WRITER, 0)
    assert page[0] is not None
    say("allowed")
    page[0] = 1.0


def host_reads_audio(fd: int) -> None:
    audio = ring_page(fd, lib.ST_RING_HOST, 2)
    say("allowed")
    print(audio[0])


def forked_child_of_a_writer(fd: int) -> None:
    """A plugin that forks in mid-call: the child has no ring any more."""
    audio = ring_page(fd, lib.ST_RING_WRITER, 2)
    audio[0] = 0.25
    say("allowed")
    pid = os.fork()
    if pid == 0:
        audio[0] = 1.0
        os._exit(0)
    os.kill(os.getpid(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) * -1)


def scratch(at: int) -> None:
    made = ffi.new("st_scratch *")
    assert lib.st_scratch_make(made, SAMPLES) == 0
    for index in range(SAMPLES):
        assert made.samples[index] == 0.0
        made.samples[index] = 1.0
    say("allowed")
    made.samples[at] = 1.0


KINDS: dict[str, Callable[[int], None]] = {
    "reader-writes-audio": reader_writes_audio,
    "anybody-writes-format": anybody_writes_format,
    "host-reads-audio": host_reads_audio,
    "forked-child": forked_child_of_a_writer,
    "scratch": scratch,
}


def main(arguments: list[str]) -> None:
    """Touches."""
    KINDS[arguments[0]](int(arguments[1]))
    say("survived")


if __name__ == "__main__":
    main(sys.argv[1:])
