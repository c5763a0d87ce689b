"""What the kernel enforces: who may write where, what cannot be resized, where a block ends."""

from __future__ import annotations

import os
from signal import SIGSEGV

import numpy as np
import pytest

from plugin_worker._core import ffi, lib
from shm_audio import Ring, Segment
from tests.support.child import run_child
from tests.support.ring_end import RingEnd
from tests.support.trespass import SAMPLES
from tests.unit.shm_audio.conftest import FORMAT

DIED_THERE = (-SIGSEGV, "allowed\n")


def trespass(kind: str, *arguments: int, fds: tuple[int, ...] = ()) -> tuple[int, str]:
    return run_child("tests.support.trespass", kind, *arguments, fds=fds)


@pytest.mark.parametrize("kind", ["reader-writes-audio", "anybody-writes-format", "host-reads-audio", "forked-child"])
def test_a_trespasser_dies(shm: str, kind: str) -> None:
    assert shm
    with Ring.create(FORMAT) as ring, RingEnd(ring.fd, lib.ST_RING_WRITER) as writer:
        writer.put(np.full(2, 0.5, np.float32))
        assert trespass(kind, ring.fd, fds=(ring.fd,)) == DIED_THERE
        with RingEnd(ring.fd, lib.ST_RING_READER) as reader:
            assert reader.peek(1)[0] in (0.5, 0.25)


@pytest.mark.parametrize("at", [SAMPLES, SAMPLES + 1, SAMPLES + 1023])
def test_the_sample_behind_a_block_is_out_of_bounds(at: int) -> None:
    assert trespass("scratch", at) == DIED_THERE


def test_the_last_sample_of_a_block_is_not() -> None:
    assert trespass("scratch", SAMPLES - 1) == (0, "allowed\nsurvived\n")


@pytest.mark.parametrize("count", [1, 3, 4, 100, 1024, 1025, 4096 * 8])
def test_scratch_is_right_aligned_and_zeroed(count: int) -> None:
    scratch = ffi.new("st_scratch *")
    assert lib.st_scratch_make(scratch, count) == 0
    end = int(ffi.cast("uintptr_t", scratch.samples)) + 4 * count
    assert end % 4096 == 0
    assert bytes(ffi.buffer(scratch.samples, 4 * count)) == bytes(4 * count)
    lib.st_scratch_free(scratch)
    lib.st_scratch_free(scratch)


@pytest.mark.parametrize("count", [0, 2**62, 2**64 - 1])
def test_impossible_scratch_is_refused(count: int) -> None:
    assert lib.st_scratch_make(ffi.new("st_scratch *"), count) == -1


@pytest.mark.parametrize("bytes_", [0, 4096, 1 << 20])
def test_a_sealed_segment_keeps_its_size(bytes_: int) -> None:
    segment = Segment("test", 8192)
    with pytest.raises(PermissionError):
        os.ftruncate(segment.fd, bytes_)
    assert os.fstat(segment.fd).st_size == 8192
    segment.close()


def test_the_posix_backend_is_unprotected_against_truncation(monkeypatch: pytest.MonkeyPatch) -> None:
    """As its docstring says; `doctor` tells it too. If this ever fails, both may promise more."""
    monkeypatch.setenv("STELLATUNE_SHM", "posix")
    segment = Segment("test", 8192)
    os.ftruncate(segment.fd, 4096)
    assert os.fstat(segment.fd).st_size == 4096
    segment.close()
