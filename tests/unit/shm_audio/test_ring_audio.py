"""What goes into a ring comes out of it, frame for frame, round and round; what is behind stays as long as promised."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from shm_audio import RingFormat, RingWords
from tests.support.ring_end import numbered
from tests.unit.shm_audio.conftest import FORMAT, Ends


def words_of(ends: Ends) -> tuple[int, int, int]:
    words = ends.ring.words()
    return words.write_pos, words.read_pos, words.retain_pos


def test_a_new_ring_is_empty(ends: Ends) -> None:
    assert ends.ring.words() == RingWords(write_pos=0, read_pos=0, retain_pos=0)
    assert ends.reader.frames() == 0
    assert ends.writer.frames() == FORMAT.ahead_frames


def test_positions_follow_what_is_published(ends: Ends) -> None:
    ends.writer.put(numbered(0, 300, 2))
    assert words_of(ends) == (300, 0, 0)
    assert (ends.reader.frames(), ends.writer.frames()) == (300, FORMAT.ahead_frames - 300)
    ends.reader.take(100)
    assert words_of(ends) == (300, 100, 0)
    assert (ends.reader.frames(), ends.writer.frames()) == (200, FORMAT.ahead_frames - 200)


def test_ahead_bounds_the_writer(ends: Ends) -> None:
    ends.writer.put(numbered(0, FORMAT.ahead_frames, 2))
    assert ends.writer.frames() == 0
    ends.reader.take(1)
    assert ends.writer.frames() == 1


@pytest.mark.parametrize("room", [0, 1, 100])
def test_retained_frames_bound_the_writer_too(ends: Ends, room: int) -> None:
    """A reader that keeps more than its history, because a checkpoint is not written yet, is not overwritten."""
    at = 10_000
    ends.words.set(write_pos=at, read_pos=at, retain_pos=at - FORMAT.capacity_frames + room)
    assert ends.writer.adopt() == 0
    assert ends.writer.frames() == room


def test_no_room_is_never_negative(ends: Ends) -> None:
    ends.words.set(write_pos=FORMAT.ahead_frames + 500, read_pos=0, retain_pos=0)
    assert ends.writer.adopt() == 0
    assert ends.writer.frames() == 0


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_content_survives_many_rounds(make_ends: Callable[[RingFormat], Ends], channels: int) -> None:
    """Odd portions on both sides, until the buffer has been gone through twenty times."""
    fmt = RingFormat(48000, channels, 64, 1024, 512)
    ends = make_ends(fmt)
    random_ = random.Random(channels)
    total = 20 * fmt.capacity_frames
    written = read = wraps = 0
    while read < total:
        frames = min(random_.randint(0, ends.writer.frames()), total - written)
        wraps += (written % fmt.capacity_frames) + frames > fmt.capacity_frames
        assert ends.writer.put(numbered(written, frames, channels)) == 0
        written += frames
        frames = random_.randint(0, ends.reader.frames())
        assert np.array_equal(ends.reader.take(frames), numbered(read, frames, channels))
        read += frames
        assert ends.writer.frames() == fmt.ahead_frames - (written - read)
        assert words_of(ends) == (written, read, max(0, read - fmt.history_frames))
    assert wraps >= 10


def test_history_stays_readable(ends: Ends) -> None:
    """With the writer as far ahead as it may go, a replacement still finds the promised frames behind the reader."""
    position = 0
    for _ in range(40):
        ends.writer.put(numbered(position, 500, 2))
        ends.reader.take(500)
        position += 500
    ends.writer.put(numbered(position, ends.writer.frames(), 2))
    retain = ends.ring.words().retain_pos
    assert retain == position - FORMAT.history_frames
    ends.words.set(read_pos=retain)
    assert ends.reader.adopt() == 0
    everything = FORMAT.history_frames + FORMAT.ahead_frames
    assert ends.reader.frames() == everything
    assert np.array_equal(ends.reader.take(everything), numbered(retain, everything, 2))


def test_silence_wraps_as_audio_does(ends: Ends) -> None:
    ends.ring.set_words(FORMAT.capacity_frames - 10)
    assert ends.writer.adopt() == ends.reader.adopt() == 0
    ends.writer.put(np.full(2 * 40, 7, np.float32))
    ends.ring.set_words(FORMAT.capacity_frames - 10)
    assert ends.writer.adopt() == ends.reader.adopt() == 0
    ends.writer.put_silence(30)
    ends.writer.put(numbered(5, 1, 2))
    assert np.array_equal(ends.reader.take(31), np.r_[np.zeros(60, np.float32), numbered(5, 1, 2)])


def test_the_host_moves_all_positions(ends: Ends) -> None:
    ends.writer.put(numbered(0, 300, 2))
    ends.ring.set_words(2**40)
    assert words_of(ends) == (2**40,) * 3
    assert ends.writer.adopt() == ends.reader.adopt() == 0
    assert (ends.writer.position, ends.reader.position) == (2**40, 2**40)
    ends.writer.put(numbered(7, 3, 2))
    assert np.array_equal(ends.reader.take(3), numbered(7, 3, 2))


@pytest.mark.parametrize("frames", [1, 3, 16, 63, 64, 200])
def test_nan_and_infinity_become_zero_and_are_counted(ends: Ends, frames: int) -> None:
    samples = numbered(1, frames, 2)
    bad = {0: np.nan, 2 * frames - 1: np.inf, frames: -np.inf}
    for index, value in bad.items():
        samples[index] = value
    expected = np.where(np.isfinite(samples), samples, np.float32(0))
    assert ends.writer.put(samples) == len(bad)
    assert np.array_equal(ends.reader.take(frames), expected)


def test_every_other_bit_pattern_passes_untouched(ends: Ends) -> None:
    """Denormals, negative zero, the largest numbers: the copy changes no bit of them."""
    patterns = np.array([0x80000000, 0x00000001, 0x807FFFFF, 0x7F7FFFFF, 0xFF7FFFFF, 0x3F800000], np.uint32)
    assert ends.writer.put(patterns.view(np.float32)) == 0
    assert np.array_equal(ends.reader.take(3).view(np.uint32), patterns)


def test_kept_frames_can_be_read_again(ends: Ends) -> None:
    """All that is promised to be kept, at every place of the buffer, without moving."""
    at = 0
    for portion in (700, 512, 1000, 900, 1024):
        ends.writer.put(numbered(at, portion, 2))
        ends.reader.take(portion)
        at += portion
        assert np.array_equal(
            ends.reader.at(at - FORMAT.history_frames, FORMAT.history_frames), numbered(at - 512, 512, 2)
        )
    ends.writer.put(numbered(at, 300, 2))
    assert np.array_equal(ends.reader.at(at - 100, 400), numbered(at - 100, 400, 2))
    assert words_of(ends) == (at + 300, at, at - FORMAT.history_frames)


def test_a_writer_finds_its_last_frame(ends: Ends) -> None:
    assert ends.writer.last() is None
    ends.writer.put(numbered(0, FORMAT.ahead_frames, 2))
    ends.reader.take(FORMAT.ahead_frames)
    last = ends.writer.last()
    assert last is not None
    assert np.array_equal(last, numbered(FORMAT.ahead_frames - 1, 1, 2))
    ends.ring.set_words(5000)
    assert ends.writer.adopt() == 0
    assert ends.writer.last() is None
