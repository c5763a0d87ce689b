"""Sleeping and waking: between two processes without a lost wake-up, and each rule of the protocol by itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from shm_audio import Ring, RingFormat
from shm_audio._core import lib
from tests.support.child import start_child
from tests.support.ring_end import RingEnd, numbered
from tests.support.ring_mover import Moved
from tests.support.waiting import until
from tests.unit.shm_audio.conftest import FORMAT, Ends

FRAMES = 200_000
BLOCK = FORMAT.block_frames
SOON_S = 10.0
MOVED_WITHIN_S = 200.0
RING_AGAIN_S = 0.002


def seconds(start_ns: int) -> float:
    return float(lib.st_now_ns() - start_ns) / 1e9


@contextmanager
def waiting(end: RingEnd, frames: int, within_s: float = SOON_S) -> Iterator[list[int]]:
    """Another thread sleeps at this end; yields once it lies down. The list holds its result afterwards."""
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(end.wait(frames, within_s)))
    thread.start()
    yield results
    thread.join(SOON_S * 2)
    assert not thread.is_alive()


def asleep(ends: Ends, side: str) -> Callable[[], bool]:
    return lambda: ends.words.get(f"{side}_wants") != 0


@pytest.mark.parametrize(
    ("ahead", "reader_target", "writer_target"),
    [(1024, BLOCK, 256), (1024, 1024, 1024), (256, 4096, BLOCK), (2 * BLOCK, BLOCK, BLOCK)],
    ids=["usual", "large targets", "target beyond what can come", "two blocks ahead"],
)
def test_two_processes_lose_nothing(shm: str, ahead: int, reader_target: int, writer_target: int) -> None:
    """Both sides sleep over and over; every frame arrives once, and no sleeper is forgotten."""
    assert shm
    with Ring.create(RingFormat(48000, 2, BLOCK, ahead, 512)) as ring:
        fds = (ring.fd,)
        module = "tests.support.ring_mover"
        with (
            start_child(module, "read", ring.fd, FRAMES, reader_target, 1, fds=fds) as reader,
            start_child(module, "write", ring.fd, FRAMES, writer_target, 2, fds=fds) as writer,
        ):
            written = Moved(**json.loads(writer.communicate(timeout=MOVED_WITHIN_S)[0]))
            read = Moved(**json.loads(reader.communicate(timeout=MOVED_WITHIN_S)[0]))
        words = ring.words()
    assert (written.worst, read.worst) == (lib.ST_RING_OK, lib.ST_RING_OK)
    assert (written.position, read.position, read.wrong_frames) == (FRAMES, FRAMES, 0)
    assert (words.write_pos, words.read_pos, words.retain_pos) == (FRAMES, FRAMES, FRAMES - 512)
    assert min(written.sleeps, read.sleeps) >= 3, (written, read)


def test_a_reached_target_wakes_the_reader(ends: Ends) -> None:
    began = lib.st_now_ns()
    with waiting(ends.reader, 2 * BLOCK) as results:
        assert until(asleep(ends, "reader"), SOON_S)
        assert ends.words.get("reader_wants") == 2 * BLOCK
        ends.writer.put(numbered(0, 2 * BLOCK, 2))
    assert results == [lib.ST_RING_OK]
    assert seconds(began) < SOON_S / 2
    assert ends.words.get("reader_wants") == 0


def test_a_reached_target_wakes_the_writer(ends: Ends) -> None:
    began = lib.st_now_ns()
    ends.writer.put(numbered(0, FORMAT.ahead_frames, 2))
    with waiting(ends.writer, 100) as results:
        assert until(asleep(ends, "writer"), SOON_S)
        assert ends.words.get("writer_wants") == 100
        assert ends.reader.frames() == FORMAT.ahead_frames
        ends.reader.take(100)
    assert results == [lib.ST_RING_OK]
    assert seconds(began) < SOON_S / 2


def test_ring_before_you_sleep(ends: Ends) -> None:
    """The reader waits for more than will come; the writer, about to sleep, wakes it with one block."""
    began = lib.st_now_ns()
    with waiting(ends.reader, 10_000) as results:
        assert until(asleep(ends, "reader"), SOON_S)
        ends.writer.put(numbered(0, BLOCK, 2))
        ends.writer.before_sleep()
    assert results == [lib.ST_RING_OK]
    assert seconds(began) < SOON_S / 2
    assert ends.reader.frames() == BLOCK


def test_the_reader_rings_before_it_sleeps_too(ends: Ends) -> None:
    ends.writer.put(numbered(0, FORMAT.ahead_frames, 2))
    began = lib.st_now_ns()
    with waiting(ends.writer, FORMAT.ahead_frames * 2) as results:
        assert until(asleep(ends, "writer"), SOON_S)
        assert ends.reader.frames() == FORMAT.ahead_frames
        ends.reader.take(BLOCK)
        ends.reader.before_sleep()
    assert results == [lib.ST_RING_OK]
    assert seconds(began) < SOON_S / 2


def test_who_lies_down_too_late_to_be_seen_takes_the_block_that_is_there(ends: Ends) -> None:
    """The peer rang nobody, because nobody lay there yet, and may be asleep itself: more might never come."""
    ends.writer.put(numbered(0, BLOCK, 2))
    ends.writer.before_sleep()
    began = lib.st_now_ns()
    assert ends.reader.wait(10_000, SOON_S) == lib.ST_RING_OK
    assert seconds(began) < SOON_S / 2


def test_less_than_a_block_wakes_nobody(ends: Ends) -> None:
    began = lib.st_now_ns()
    with waiting(ends.reader, 2 * BLOCK, within_s=0.1) as results:
        assert until(asleep(ends, "reader"), SOON_S)
        ends.writer.put(numbered(0, BLOCK - 1, 2))
        ends.writer.before_sleep()
    assert results == [lib.ST_RING_TIMEOUT]
    assert seconds(began) >= 0.1


def test_greeting_wakes_without_condition_and_clears_a_dead_forerunners_wish(ends: Ends) -> None:
    """A lane that died asleep left its wish behind, one that died between publish and wake left a sleeper."""
    ends.words.set(writer_wants=1)
    began = lib.st_now_ns()
    with waiting(ends.reader, 2 * BLOCK) as results:
        assert until(asleep(ends, "reader"), SOON_S)
        ends.words.set(write_pos=BLOCK)  # published, and dead before the wake
        assert ends.writer.adopt() == lib.ST_RING_OK
        ends.writer.greet()
    assert results == [lib.ST_RING_OK]
    assert seconds(began) < SOON_S / 2
    assert ends.words.get("writer_wants") == 0


@pytest.mark.parametrize("side", ["reader", "writer"])
def test_an_interrupt_wakes_a_sleeper(ends: Ends, side: str) -> None:
    ends.writer.put(numbered(0, FORMAT.ahead_frames if side == "writer" else 0, 2))
    end = ends.reader if side == "reader" else ends.writer
    began = lib.st_now_ns()
    with waiting(end, 100) as results:
        assert until(asleep(ends, side), SOON_S)
        end.interrupt()
    assert results == [lib.ST_RING_INTERRUPTED]
    assert seconds(began) < SOON_S / 2


def test_an_interrupt_before_the_sleep_counts(ends: Ends) -> None:
    ends.reader.interrupt()
    assert ends.reader.wait(BLOCK, SOON_S) == lib.ST_RING_INTERRUPTED


def test_a_deadline_in_the_past_does_not_sleep(ends: Ends) -> None:
    assert ends.reader.wait(BLOCK, within_s=-1) == lib.ST_RING_TIMEOUT


def woken_in_vain(ends: Ends, within_s: float) -> int:
    """How often the reader lay down, rung all the time though nothing came, before it gave up; it did when it said."""
    began, bell, rung = lib.st_now_ns(), ends.words.get("reader_bell"), 0
    with waiting(ends.reader, BLOCK, within_s) as results:
        while not until(lambda: bool(results), RING_AGAIN_S) and seconds(began) < within_s + SOON_S:
            ends.reader.ring_own_bell()
            rung += 1
    assert results == [lib.ST_RING_TIMEOUT]
    assert within_s <= seconds(began) < within_s + SOON_S
    return ends.words.get("reader_bell") - bell - rung


def test_a_deadline_is_a_moment_not_a_duration(ends: Ends) -> None:
    """However often the sleeper is woken in vain, it gives up when it said. A busy machine needs longer to wake it."""
    assert any(woken_in_vain(ends, within_s) >= 5 for within_s in (0.1, 1.0, 10.0))


def test_what_is_ready_needs_no_sleep(ends: Ends) -> None:
    ends.writer.put(numbered(0, BLOCK, 2))
    assert ends.reader.wait(BLOCK, within_s=-1) == lib.ST_RING_OK
    assert ends.writer.wait(BLOCK, within_s=-1) == lib.ST_RING_OK
