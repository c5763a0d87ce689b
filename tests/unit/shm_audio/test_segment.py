"""Segments: zeroed, reserved, nameless, and gone with the last descriptor."""

from __future__ import annotations

import os
import resource

import pytest

from shm_audio import Ring, Segment, SegmentError, StatusPage, backend
from tests.unit.shm_audio.conftest import FORMAT


def test_a_segment_is_zeroed_reserved_and_nameless(shm: str) -> None:
    names = set(os.listdir("/dev/shm"))
    segment = Segment("test", 10_000)
    status = os.fstat(segment.fd)
    assert (status.st_size, status.st_blocks * 512 >= 10_000) == (10_000, True)
    assert os.pread(segment.fd, 10_000, 0) == bytes(10_000)
    assert {name for name in set(os.listdir("/dev/shm")) - names if name.startswith("stellatune-test")} == set()
    assert not os.get_inheritable(segment.fd)
    assert ("memfd:" in os.readlink(f"/proc/self/fd/{segment.fd}")) == (shm == "memfd")  # noqa: PTH115  /proc
    segment.close()
    segment.close()
    assert segment.fd == -1


def test_the_default_is_memfd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STELLATUNE_SHM", raising=False)
    assert backend() == "memfd"


def test_another_word_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STELLATUNE_SHM", "sysv")
    with pytest.raises(SegmentError, match=r"'sysv'.*'memfd' or 'posix'"):
        Segment("test", 4096)


def test_no_descriptor_left(shm: str) -> None:
    """The system refuses: an error with a remedy, and nothing half-made stays."""
    assert shm
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        for make in (lambda: Segment("test", 4096), StatusPage, lambda: Ring.create(FORMAT)):
            with pytest.raises(SegmentError, match="no shared memory"):
                make()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
