"""A peer that writes what cannot be: every kind is noticed where it is looked at, and never becomes an index."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

import numpy as np
import pytest

from shm_audio import Ring, RingError, RingFormat
from shm_audio._core import lib
from tests.support.ring_end import RingEnd, numbered
from tests.unit.shm_audio.conftest import FORMAT, Ends

CAPACITY = FORMAT.capacity_frames
HUGE = 2**64 - 1

# The ring below stands at write 3000, read 2500, retain 2000.
TO_WRITER = {
    "read beyond write": {"read_pos": 3001},
    "read far beyond": {"read_pos": HUGE},
    "read goes back": {"read_pos": 2499},
    "retain beyond read": {"retain_pos": 2501},
    "retain far beyond": {"retain_pos": HUGE},
    "retain goes back": {"retain_pos": 1999},
    "both back": {"read_pos": 0, "retain_pos": 0},
}
TO_READER = {
    "write goes back": {"write_pos": 2999},
    "write behind read": {"write_pos": 2000},
    "write to zero": {"write_pos": 0},
    "write beyond capacity": {"write_pos": 2500 + CAPACITY + 1},
    "write far beyond": {"write_pos": HUGE},
}
AT_ATTACH = {
    "retain beyond read": {"retain_pos": 2501},
    "read beyond write": {"read_pos": 3001},
    "write beyond capacity": {"write_pos": 2000 + CAPACITY + 1},
    "all upside down": {"write_pos": 0, "read_pos": 1, "retain_pos": 2},
}
TO_HOST = {"retain beyond read": {"retain_pos": 2501}, "read beyond write": {"read_pos": 3001}}


@pytest.fixture
def standing(ends: Ends) -> Ends:
    """Both ends have looked at write 3000, read 2500, retain 2000."""
    ends.words.set(write_pos=3000, read_pos=2500, retain_pos=2000)
    assert ends.writer.adopt() == ends.reader.adopt() == lib.ST_RING_OK
    assert (ends.writer.frames(), ends.reader.frames()) == (FORMAT.ahead_frames - 500, 500)
    return ends


@pytest.mark.parametrize("kind", TO_WRITER)
def test_the_writer_notices(standing: Ends, kind: str) -> None:
    standing.words.set(**TO_WRITER[kind])
    assert standing.writer.ready()[0] == lib.ST_RING_IMPOSSIBLE
    assert standing.writer.wait(2000, within_s=5) == lib.ST_RING_IMPOSSIBLE


@pytest.mark.parametrize("kind", TO_READER)
def test_the_reader_notices(standing: Ends, kind: str) -> None:
    standing.words.set(**TO_READER[kind])
    assert standing.reader.ready()[0] == lib.ST_RING_IMPOSSIBLE
    assert standing.reader.wait(2000, within_s=5) == lib.ST_RING_IMPOSSIBLE


@pytest.mark.parametrize("kind", AT_ATTACH)
@pytest.mark.parametrize("side", [lib.ST_RING_WRITER, lib.ST_RING_READER])
def test_nobody_attaches(standing: Ends, kind: str, side: int) -> None:
    standing.words.set(**AT_ATTACH[kind])
    with RingEnd(standing.ring.fd, side) as end:
        assert end.map_result == lib.ST_RING_IMPOSSIBLE
    assert standing.writer.adopt() == lib.ST_RING_IMPOSSIBLE


@pytest.mark.parametrize("kind", TO_HOST)
def test_the_host_notices(standing: Ends, kind: str) -> None:
    standing.words.set(**TO_HOST[kind])
    with pytest.raises(RingError, match="impossible positions"):
        standing.ring.words()


def test_what_moves_forward_within_bounds_is_fine(standing: Ends) -> None:
    standing.words.set(read_pos=3000, retain_pos=3000)
    assert standing.writer.ready() == (lib.ST_RING_OK, FORMAT.ahead_frames)
    standing.words.set(write_pos=2500 + CAPACITY)
    assert standing.reader.ready() == (lib.ST_RING_OK, CAPACITY)


def test_an_own_word_overwritten_by_the_peer_is_not_believed(standing: Ends) -> None:
    standing.words.set(write_pos=HUGE)
    assert standing.writer.frames() == FORMAT.ahead_frames - 500
    standing.writer.put(numbered(0, 10, 2))
    assert standing.words.get("write_pos") == 3010


# ---- the format page ----

GOOD = (lib.ST_RING_MAGIC, lib.ST_RING_VERSION, 48000, 2, 64, CAPACITY, 1024, 512, 0)
LAYOUT = struct.Struct("=Q8I")
FIELDS = ("magic", "version", "rate", "channels", "block", "capacity", "ahead", "history")
BAD_FORMATS = [
    ("magic", 0),
    ("magic", lib.ST_RING_MAGIC + 1),
    ("version", 0),
    ("version", lib.ST_RING_VERSION + 1),
    ("rate", 0),
    ("channels", 0),
    ("channels", 33),
    ("channels", 4),
    ("channels", 2**32 - 1),
    ("block", 0),
    ("block", 2**32 - 1),
    ("capacity", 0),
    ("capacity", CAPACITY - 1),
    ("capacity", CAPACITY * 2),
    ("capacity", CAPACITY // 2),
    ("capacity", 2**31),
    ("ahead", 0),
    ("ahead", 63),
    ("ahead", CAPACITY),
    ("ahead", 2**32 - 1),
    ("history", CAPACITY),
    ("history", 2**32 - 1),
]


@pytest.mark.parametrize(("field", "value"), BAD_FORMATS, ids=[f"{field} {value}" for field, value in BAD_FORMATS])
@pytest.mark.parametrize("side", [lib.ST_RING_HOST, lib.ST_RING_WRITER, lib.ST_RING_READER])
def test_a_format_that_contradicts_itself_is_not_mapped(ends: Ends, field: str, value: int, side: int) -> None:
    page = list(GOOD)
    page[FIELDS.index(field)] = value
    os.pwrite(ends.ring.fd, LAYOUT.pack(*page), 0)
    with RingEnd(ends.ring.fd, side) as end:
        assert end.map_result == lib.ST_RING_BAD_FORMAT


def test_the_format_above_is_otherwise_good(ends: Ends) -> None:
    os.pwrite(ends.ring.fd, LAYOUT.pack(*GOOD), 0)
    with RingEnd(ends.ring.fd, lib.ST_RING_READER) as end:
        assert end.map_result == lib.ST_RING_OK


def test_the_format_is_copied_and_never_read_again(ends: Ends) -> None:
    page = list(GOOD)
    page[FIELDS.index("capacity")] = 2**31
    page[FIELDS.index("channels")] = 32
    os.pwrite(ends.ring.fd, LAYOUT.pack(*page), 0)
    for start in range(0, 3 * CAPACITY, 1000):
        ends.writer.put(numbered(start, 1000, 2))
        assert np.array_equal(ends.reader.take(1000), numbered(start, 1000, 2))


@pytest.fixture
def not_a_ring(request: pytest.FixtureRequest) -> Iterator[int]:
    near, far = os.pipe()
    fd = {"pipe": near, "null": os.open(os.devnull, os.O_RDWR), "memfd": os.memfd_create("stellatune-x")}
    os.ftruncate(fd["memfd"], 100)
    yield fd[request.param]
    for each in {far, *fd.values()}:
        os.close(each)


@pytest.mark.parametrize("not_a_ring", ["pipe", "null", "memfd"], indirect=True)
def test_what_is_no_ring_is_not_mapped(not_a_ring: int) -> None:
    with RingEnd(not_a_ring, lib.ST_RING_WRITER) as end:
        assert end.map_result == lib.ST_RING_BAD_FORMAT


@pytest.mark.parametrize(
    "fmt",
    [
        RingFormat(48000, 0, 64, 1024, 512),
        RingFormat(48000, 33, 64, 1024, 512),
        RingFormat(0, 2, 64, 1024, 512),
        RingFormat(48000, 2, 0, 1024, 512),
        RingFormat(48000, 2, 64, 63, 512),
        RingFormat(48000, 2, 64, 1 << 24, 512),
    ],
    ids=str,
)
def test_the_host_makes_no_impossible_ring(fmt: RingFormat) -> None:
    with pytest.raises(RingError):
        Ring.create(fmt)
