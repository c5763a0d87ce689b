"""A peer of a byte stream that writes what cannot be: noticed where it is looked at, and never an index."""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Iterator

import pytest

from shm_audio._core import lib
from tests.support.stream_end import StreamEnd, content
from tests.unit.shm_audio.streams import AHEAD, CAPACITY, FORMAT, Pair, pair

OK, IMPOSSIBLE, BAD_FORMAT = lib.ST_STREAM_OK, lib.ST_STREAM_IMPOSSIBLE, lib.ST_STREAM_BAD_FORMAT
HUGE = 2**64 - 1
WRITER, READER = lib.ST_STREAM_WRITER, lib.ST_STREAM_READER

# The stream below stands in epoch 1: base 5000, read 6000, write 7000.
TO_WRITER = {
    "read beyond write": {"read_pos": 7001},
    "read far beyond": {"read_pos": HUGE},
    "read goes back": {"read_pos": 5999},
    "read before the epoch": {"read_pos": 0},
    "the epoch was taken and is not": {"read_epoch": 0},
    "an epoch that nobody answered": {"read_epoch": 2},
    "an epoch goes back": {"seek_epoch": 0},
}
TO_READER = {
    "write goes back": {"write_pos": 6999},
    "write behind read": {"write_pos": 5500},
    "write to zero": {"write_pos": 0},
    "write beyond capacity": {"write_pos": 6000 + AHEAD + 1},
    "write far beyond": {"write_pos": HUGE},
    "an answer to no question": {"epoch": 2},
    "an answer is taken back": {"epoch": 0},
    "an epoch far beyond": {"epoch": HUGE},
}
TO_ASKING_READER = {
    "another offset than asked for": {"base_offset": 1},
    "no offset at all": {"base_offset": HUGE},
    "write before it": {"write_pos": 8999},
    "write far beyond": {"write_pos": HUGE},
}
TO_ANSWERING_WRITER = {"no offset at all": {"seek_offset": HUGE}, "an offset too far": {"seek_offset": 2**62 + 1}}
AT_ATTACH = {
    "read beyond write": ({"read_pos": 7001}, (READER,)),
    "base beyond write": ({"base_offset": 7001}, (READER, WRITER)),
    "base beyond read": ({"base_offset": 6001}, (READER,)),
    "write too far": ({"write_pos": HUGE}, (READER, WRITER)),
    "an answer to no question": ({"epoch": 2}, (READER, WRITER)),
    "taken before it was answered": ({"epoch": 0}, (READER,)),
    "taken before it was asked for": ({"seek_epoch": 0}, (READER, WRITER)),
}


@pytest.fixture
def ends(shm: str) -> Iterator[Pair]:
    """Both ends have looked at base 5000, read 6000, write 7000 of epoch 1."""
    assert shm
    with pair() as made:
        made.reader.cursor = 5000
        assert made.reader.look()[0] == lib.ST_STREAM_AWAY
        made.reader.ask()
        assert made.writer.answer() == OK
        made.writer.put(content(5000, 2000))
        assert made.reader.look() == (OK, 2000)
        assert made.reader.take(1000) == content(5000, 1000)
        assert made.writer.look() == (OK, AHEAD - 1000)
        yield made


@pytest.mark.parametrize("kind", TO_WRITER)
def test_the_writer_notices(ends: Pair, kind: str) -> None:
    ends.words.set(**TO_WRITER[kind])
    assert ends.writer.look()[0] == IMPOSSIBLE
    assert ends.writer.wait(AHEAD, within_s=5) == IMPOSSIBLE


@pytest.mark.parametrize("kind", TO_READER)
def test_the_reader_notices(ends: Pair, kind: str) -> None:
    ends.words.set(**TO_READER[kind])
    ends.reader.cursor = 7000
    assert ends.reader.look()[0] == IMPOSSIBLE
    assert ends.reader.wait(1, within_s=5) == IMPOSSIBLE


@pytest.mark.parametrize("kind", TO_ASKING_READER)
def test_the_reader_that_asked_notices(ends: Pair, kind: str) -> None:
    ends.reader.cursor = 9000
    ends.reader.ask()
    assert ends.writer.answer() == OK
    ends.words.set(**TO_ASKING_READER[kind])
    assert ends.reader.look()[0] == IMPOSSIBLE


@pytest.mark.parametrize("kind", TO_ANSWERING_WRITER)
def test_the_writer_that_is_asked_notices(ends: Pair, kind: str) -> None:
    ends.reader.cursor = 9000
    ends.reader.ask()
    ends.words.set(**TO_ANSWERING_WRITER[kind])
    assert ends.writer.answer() == IMPOSSIBLE


@pytest.mark.parametrize("kind", AT_ATTACH)
@pytest.mark.parametrize("side", [WRITER, READER])
def test_who_is_lied_to_does_not_attach(ends: Pair, kind: str, side: int) -> None:
    words, noticing = AT_ATTACH[kind]
    ends.words.set(**words)
    with StreamEnd(ends.stream.fd, side) as end:
        assert end.map_result == (IMPOSSIBLE if side in noticing else OK)


@pytest.mark.parametrize("side", [WRITER, READER])
def test_any_words_at_all(shm: str, side: int) -> None:
    """Whatever stands there, an end says what it thinks of it, and copies within the segment."""
    assert shm
    dice = random.Random(side)
    results: set[int] = set()
    near = (0, 1, 4999, 5000, 5001, 6000, 7000, CAPACITY, 2**62, 2**63, HUGE)
    for _ in range(400):
        with pair() as ends:
            end = ends.reader if side == READER else ends.writer
            for _ in range(6):
                page = bytearray(ends.words.page())
                for _ in range(dice.randrange(1, 4)):
                    struct.pack_into("=Q", page, dice.randrange(16) * 8, dice.choice(near) & HUGE)
                ends.words.restore(bytes(page))
                result, count = end.look()
                results.add(result)
                if result == OK:
                    assert count <= AHEAD
                    if side == READER:
                        end.take(dice.randint(1, count))
                    else:
                        end.put(content(0, min(count, 100)))
                elif result == lib.ST_STREAM_ASKED:
                    results.add(end.answer())
                elif result == lib.ST_STREAM_AWAY:
                    end.ask()
            with StreamEnd(ends.stream.fd, side) as late:
                assert late.map_result in (OK, IMPOSSIBLE)
    assert {OK, IMPOSSIBLE} < results
    assert len(results) >= 3


@pytest.mark.parametrize("side", [WRITER, READER])
def test_a_page_that_is_no_format_is_not_mapped(ends: Pair, side: int) -> None:
    page = os.pread(ends.stream.fd, 32, 0)
    for offset in range(0, 32, 4):
        os.pwrite(ends.stream.fd, bytes(a ^ 0xFF for a in page[offset : offset + 4]), offset)
        with StreamEnd(ends.stream.fd, side) as end:
            # Half of the unknown size makes a size, which is for the plugin's eyes only.
            assert end.map_result == (OK if offset == 12 else BAD_FORMAT)
        os.pwrite(ends.stream.fd, page, 0)
    with StreamEnd(ends.stream.fd, side) as end:
        assert end.map_result == OK


def test_a_segment_of_another_size_is_not_mapped() -> None:
    with pair() as ends:
        fd = os.memfd_create("short")
        try:
            os.ftruncate(fd, 8192 + FORMAT.capacity_bytes - 1)
            os.pwrite(fd, os.pread(ends.stream.fd, 32, 0), 0)
            with StreamEnd(fd, READER) as end:
                assert end.map_result == BAD_FORMAT
        finally:
            os.close(fd)
