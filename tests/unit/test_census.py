"""The census finds every kind of thing a test can leave behind: each is planted here, found, and taken away."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests import census


@contextmanager
def child() -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE):
        yield


@contextmanager
def zombie() -> Iterator[None]:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    yield
    os.waitpid(pid, 0)


@contextmanager
def descriptor() -> Iterator[None]:
    fd = os.open(os.devnull, os.O_RDONLY)
    yield
    os.close(fd)


@contextmanager
def thread() -> Iterator[None]:
    done = threading.Event()
    planted = threading.Thread(target=done.wait)
    planted.start()
    yield
    done.set()
    planted.join()


@contextmanager
def shared_name() -> Iterator[None]:
    path = Path("/dev/shm") / f"stellatune-census-{os.getpid()}"
    path.touch()
    yield
    path.unlink()


@contextmanager
def mapping() -> Iterator[None]:
    fd = os.memfd_create("stellatune-census")
    os.ftruncate(fd, mmap.PAGESIZE)
    with mmap.mmap(fd, mmap.PAGESIZE):
        os.close(fd)
        yield


@contextmanager
def file() -> Iterator[None]:
    fd, path = tempfile.mkstemp()
    os.close(fd)
    yield
    Path(path).unlink()


PLANTED: dict[str, tuple[str, Callable[[], AbstractContextManager[None]]]] = {
    "child": ("children:", child),
    "zombie": ("children:", zombie),
    "descriptor": ("descriptors:", descriptor),
    "thread": ("threads:", thread),
    "shared name": ("shared_memory:", shared_name),
    "mapping": ("mappings:", mapping),
    "file": ("temporary_files:", file),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_it_is_found_and_named(kind: str) -> None:
    word, plant = PLANTED[kind]
    before = census.take()
    with plant():
        found = census.left_behind(before, patience_s=0)
        assert any(line.startswith(word) for line in found), found
    assert census.left_behind(before) == []


def test_what_ends_by_itself_is_waited_for() -> None:
    before = census.take()
    ending = replace(before, children=before.children | {"1234 worker"})
    looks = [ending, ending, ending, before, before]
    assert census.left_behind(before, look=lambda: looks.pop(0)) == []
    assert looks == []
