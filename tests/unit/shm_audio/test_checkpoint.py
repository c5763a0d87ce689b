"""Checkpoints: whole or not there, whatever a worker wrote, did not write, or was killed at."""

from __future__ import annotations

import errno
import os
import random
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shm_audio import Checkpoints, CheckpointSlot, Ring
from shm_audio._core import ffi, lib
from tests.unit.shm_audio.conftest import FORMAT

SLOT_BYTES = 5000
HEAD_BYTES = 64
KILLS = 12


@pytest.fixture
def kept(shm: str) -> Iterator[Checkpoints]:
    assert shm
    with Checkpoints(SLOT_BYTES) as made:
        yield made


class Writer:
    """A worker's face of the segment."""

    def __init__(self, fd: int, keep_slot: int = -1) -> None:
        self._face = ffi.new("st_checkpoint *")
        self.result: int = lib.st_checkpoint_map(self._face, fd, keep_slot)
        self.errno = ffi.errno

    def put(self, position: int, state: bytes, epoch: int = 1, config_gen: int = 1) -> int:
        label = ffi.new("st_checkpoint_label *", [position, epoch, config_gen, len(state)])
        return int(lib.st_checkpoint_put(self._face, label, state))

    def get(self, slot: int) -> tuple[int, bytes] | None:
        """Position and state, when the slot is whole."""
        label = ffi.new("st_checkpoint_label *")
        copy = ffi.new("uint8_t[]", SLOT_BYTES)
        if not lib.st_checkpoint_get(self._face, slot, label, copy):
            return None
        return int(label.position), bytes(ffi.buffer(copy, label.length))

    def close(self) -> None:
        lib.st_checkpoint_unmap(self._face)


@contextmanager
def writer(fd: int, keep_slot: int = -1) -> Iterator[Writer]:
    made = Writer(fd, keep_slot)
    assert made.result == 0
    try:
        yield made
    finally:
        made.close()


def slot_offset(slot: int) -> int:
    return int(lib.st_checkpoint_slot_offset(SLOT_BYTES, slot))


def positions(kept: Checkpoints) -> list[int]:
    return [slot.position for slot in kept.slots()]


def test_new_ones_are_empty(kept: Checkpoints) -> None:
    assert kept.slots() == ()
    with writer(kept.fd) as worker:
        assert (worker.get(0), worker.get(1), worker.get(2)) == (None, None, None)


def test_the_two_newest_are_kept_and_told_apart(kept: Checkpoints) -> None:
    with writer(kept.fd) as worker:
        for number in range(5):
            assert worker.put(1000 + number, bytes([number]) * (100 + number), epoch=7 + number, config_gen=9) == 0
        assert kept.slots() == (CheckpointSlot(0, 1004, 11, 9, 104), CheckpointSlot(1, 1003, 10, 9, 103))
        assert worker.get(0) == (1004, b"\4" * 104)
        assert worker.get(1) == (1003, b"\3" * 103)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, SLOT_BYTES - 1, SLOT_BYTES])
def test_states_of_any_length_come_back(kept: Checkpoints, length: int) -> None:
    state = random.Random(length).randbytes(length)
    with writer(kept.fd) as worker:
        assert worker.put(64, state) == 0
        assert worker.get(0) == (64, state)
    assert [slot.length for slot in kept.slots()] == [length]


def test_one_that_is_too_long_is_not_kept_and_harms_none(kept: Checkpoints) -> None:
    with writer(kept.fd) as worker:
        worker.put(1, b"a")
        worker.put(2, b"b")
        assert worker.put(3, bytes(SLOT_BYTES + 1)) == -1
    assert positions(kept) == [2, 1]


@pytest.mark.parametrize(("keep_slot", "expected"), [(-1, [3, 2]), (0, [3, 1]), (1, [3, 2])])
def test_a_successor_spares_the_slot_it_came_from(kept: Checkpoints, keep_slot: int, expected: list[int]) -> None:
    """Of its own choice it overwrites the older one."""
    with writer(kept.fd) as worker:
        worker.put(1, b"a")
        worker.put(2, b"b")
    with writer(kept.fd, keep_slot) as successor:
        successor.put(3, b"c")
    assert positions(kept) == expected


def test_a_successor_overwrites_what_is_empty_first(kept: Checkpoints) -> None:
    with writer(kept.fd) as worker:
        worker.put(1, b"a")
        worker.put(2, b"b")
    os.pwrite(kept.fd, bytes(4), slot_offset(1))
    with writer(kept.fd) as successor:
        successor.put(3, b"c")
    assert positions(kept) == [3, 1]


def test_every_bit_counts(kept: Checkpoints) -> None:
    """Each byte of head and state, changed in one bit: the slot is not whole, for the host as for a worker."""
    meant = [*range(4), *range(8, 48), *range(HEAD_BYTES, HEAD_BYTES + 77)]
    with writer(kept.fd) as worker:
        worker.put(4096, random.Random(1).randbytes(77))
        whole = os.pread(kept.fd, HEAD_BYTES + 77, slot_offset(0))
        for number in meant:
            bit = 1 << number % 8
            os.pwrite(kept.fd, bytes([whole[number] ^ bit]), slot_offset(0) + number)
            assert kept.slots() == (), number
            assert worker.get(0) is None, number
            os.pwrite(kept.fd, whole, slot_offset(0))
        assert positions(kept) == [4096]
        assert len(meant) == 121


@pytest.mark.parametrize("length", [SLOT_BYTES + 1, 1 << 40, (1 << 64) - 1])
def test_a_length_that_cannot_be_is_not_followed(kept: Checkpoints, length: int) -> None:
    with writer(kept.fd) as worker:
        worker.put(1, b"a")
        worker.put(2, b"b")
        os.pwrite(kept.fd, struct.pack("=Q", length), slot_offset(1) + 32)
        assert worker.get(1) is None
    assert positions(kept) == [1]


def test_a_length_that_cannot_be_fills_no_memory(kept: Checkpoints) -> None:
    """A reader has room for the longest state, and nothing lands behind it."""
    label = ffi.new("st_checkpoint_label *")
    room = ffi.new("uint8_t[]", b"\xaa" * 2 * SLOT_BYTES)
    with writer(kept.fd) as worker:
        worker.put(1, bytes(SLOT_BYTES))
        os.pwrite(kept.fd, struct.pack("=Q", SLOT_BYTES + 3000), slot_offset(0) + 32)  # within the segment
        assert lib.st_checkpoint_get(worker._face, 0, label, room) == 0
        assert lib.st_checkpoint_read(kept.fd, SLOT_BYTES, 0, label, room) == 0
    assert bytes(ffi.buffer(room))[SLOT_BYTES : 2 * SLOT_BYTES] == b"\xaa" * SLOT_BYTES


def test_cleared_ones_are_gone(kept: Checkpoints) -> None:
    with writer(kept.fd) as worker:
        worker.put(1, b"a")
        worker.put(2, b"b")
        kept.clear()
        assert kept.slots() == ()
        worker.put(3, b"c")
    assert positions(kept) == [3]


def test_a_segment_cut_short_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the backend that cannot seal allows it; the host then reads less, and maps nothing."""
    monkeypatch.setenv("STELLATUNE_SHM", "posix")
    with Checkpoints(SLOT_BYTES) as kept:
        with writer(kept.fd) as worker:
            worker.put(1, bytes(SLOT_BYTES))
            worker.put(2, bytes(SLOT_BYTES))
        os.ftruncate(kept.fd, slot_offset(1) + 100)
        assert positions(kept) == [1]
        os.ftruncate(kept.fd, 0)
        assert kept.slots() == ()


def test_what_is_no_such_segment_is_refused(kept: Checkpoints) -> None:
    with Ring.create(FORMAT) as ring:
        assert (Writer(ring.fd).result, Writer(ring.fd).errno) == (-1, errno.EINVAL)
    assert Writer(kept.fd, keep_slot=2).result == -1
    os.pwrite(kept.fd, struct.pack("=I", SLOT_BYTES * 3), 12)
    assert Writer(kept.fd).result == -1
    with open(os.devnull, "rb") as empty:  # noqa: PTH123  a device
        assert Writer(empty.fileno()).result == -1


@pytest.mark.parametrize("size", [0, -1, (16 << 20) + 1])
def test_sizes_have_bounds(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 16777216 are possible"):
        Checkpoints(size)


def test_closing_twice_is_fine(kept: Checkpoints) -> None:
    kept.close()
    kept.close()
    assert kept.slots() == ()


CHILD = """
import sys
from shm_audio._core import ffi, lib
face = ffi.new("st_checkpoint *")
assert lib.st_checkpoint_map(face, int(sys.argv[1]), -1) == 0
label = ffi.new("st_checkpoint_label *")
states = [ffi.from_buffer(bytes([n]) * (4000 + n)) for n in range(256)]
print("go", flush=True)
position = 0
while True:
    position += 1
    state = states[position % 256]
    label.position, label.epoch, label.config_gen, label.length = position, 1, 1, len(state)
    lib.st_checkpoint_put(face, label, state)
"""


def test_a_writer_killed_anywhere_leaves_a_whole_one(kept: Checkpoints) -> None:
    """And nothing that looks whole and is not: the state is known from the position. While written it is invalid."""
    seen: list[int] = []
    valid: set[bytes] = set()
    for number in range(KILLS):
        command = [sys.executable, "-c", CHILD, str(kept.fd)]
        with subprocess.Popen(command, pass_fds=[kept.fd], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"go\n"
            while max(positions(kept), default=0) < 100 + number:
                pass  # it runs free meanwhile; what is read is whole even then
            valid.update(os.pread(kept.fd, 4, slot_offset(1)) for _ in range(50))
            child.send_signal(signal.SIGKILL)
        slots = kept.slots()
        assert slots
        with writer(kept.fd) as successor:
            for slot in slots:
                state = bytes([slot.position % 256]) * (4000 + slot.position % 256)
                assert successor.get(slot.index) == (slot.position, state)
        assert len(slots) == 1 or slots[0].position - slots[1].position == 1
        seen.append(len(slots))
        kept.clear()
    assert len(seen) == KILLS
    assert valid == {struct.pack("=I", 0), struct.pack("=I", 1)}
