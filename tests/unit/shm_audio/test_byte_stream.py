"""Bytes through a stream: wrap, history, seeks, epochs, ends and failures; whoever attaches, and wherever they were."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from abi.kinds import StatusCode
from shm_audio import ByteStream, StreamError, StreamFormat
from shm_audio._core import lib
from tests.support.stream_end import StreamEnd, content
from tests.unit.shm_audio.streams import AHEAD, CAPACITY, FORMAT, HISTORY, Pair, pair

OK, EMPTY, ASKED, ENDED = lib.ST_STREAM_OK, lib.ST_STREAM_EMPTY, lib.ST_STREAM_ASKED, lib.ST_STREAM_ENDED
FAILED, AWAY, IMPOSSIBLE = lib.ST_STREAM_FAILED, lib.ST_STREAM_AWAY, lib.ST_STREAM_IMPOSSIBLE


@pytest.fixture
def ends(shm: str) -> Iterator[Pair]:
    """Of a stream that can seek."""
    assert shm
    with pair() as made:
        yield made


def supply(writer: StreamEnd, count: int) -> None:
    """The stream's own bytes, behind what was written."""
    writer.put(content(writer.position, count))


def heard(reader: StreamEnd, count: int) -> None:
    """The next bytes are those of the stream."""
    at = reader.cursor
    assert reader.look()[0] == OK
    assert reader.take(count) == content(at, count)


def jump(ends: Pair, to: int) -> None:
    """The reader asks, the writer answers."""
    ends.reader.cursor = to
    assert ends.reader.look()[0] == AWAY
    ends.reader.ask()
    assert ends.reader.look()[0] == EMPTY
    assert ends.writer.look()[0] == ASKED
    assert ends.writer.answer() == OK
    assert ends.writer.position == to


def test_bytes_go_round_and_round(ends: Pair) -> None:
    total = 0
    while total < 20 * CAPACITY:
        result, room = ends.writer.look()
        assert (result, room) == (OK, AHEAD)
        supply(ends.writer, room)
        assert ends.writer.look() == (OK, 0)
        assert ends.reader.look() == (OK, AHEAD)
        heard(ends.reader, AHEAD - 7)
        heard(ends.reader, 7)
        assert ends.reader.look()[0] == EMPTY
        total += room
    assert ends.writer.position == ends.reader.position == total


def test_what_lies_behind_is_kept_and_no_more(ends: Pair) -> None:
    supply(ends.writer, AHEAD)
    heard(ends.reader, 2000)
    supply(ends.writer, ends.writer.look()[1])
    for back in (1, HISTORY):
        ends.reader.cursor = 2000 - back
        heard(ends.reader, back)
    assert ends.reader.position == 2000, "looking back consumes nothing"
    ends.reader.cursor = 2000 - HISTORY - 1
    assert ends.reader.look()[0] == AWAY


def test_ahead_within_what_is_there_needs_no_question(ends: Pair) -> None:
    supply(ends.writer, AHEAD)
    ends.reader.cursor = AHEAD - 1
    heard(ends.reader, 1)
    assert ends.reader.position == AHEAD
    assert not ends.writer.is_asked
    ends.reader.cursor = AHEAD + 1
    assert ends.reader.look()[0] == AWAY


def test_what_was_skipped_is_room_for_the_writer(ends: Pair) -> None:
    """Found by tests/models/stream.pml: both would wait for each other."""
    supply(ends.writer, AHEAD)
    assert ends.writer.look() == (OK, 0)
    ends.reader.cursor = AHEAD
    assert ends.reader.look()[0] == EMPTY
    assert ends.writer.look() == (OK, AHEAD)
    supply(ends.writer, AHEAD)
    heard(ends.reader, AHEAD)


def test_a_question_is_answered_with_that_offset(ends: Pair) -> None:
    supply(ends.writer, 3000)
    heard(ends.reader, 1000)
    for to in (1 << 40, 0, 5):
        jump(ends, to)
        assert ends.writer.look() == (OK, AHEAD), "what the reader consumed elsewhere counts for nothing here"
        assert ends.reader.look()[0] == EMPTY
        assert ends.writer.look() == (OK, AHEAD)
        supply(ends.writer, AHEAD)
        heard(ends.reader, AHEAD)
        assert ends.writer.look() == (OK, AHEAD)
    assert ends.reader.epoch == ends.writer.epoch == 3


def test_until_the_answer_nothing_counts(ends: Pair) -> None:
    supply(ends.writer, 3000)
    ends.reader.cursor = 1 << 20
    assert ends.reader.look()[0] == AWAY
    ends.reader.ask()
    supply(ends.writer, 10)  # it has not looked yet
    ends.writer.end()
    assert ends.reader.look()[0] == EMPTY
    assert ends.writer.answer() == OK
    assert ends.reader.look()[0] == EMPTY, "the end was that of the other epoch"
    supply(ends.writer, 10)
    heard(ends.reader, 10)


def test_the_end(ends: Pair) -> None:
    supply(ends.writer, 100)
    ends.writer.end()
    heard(ends.reader, 100)
    for beyond in (0, 1, 1 << 40):
        ends.reader.cursor = 100 + beyond
        assert ends.reader.look()[0] == ENDED
    ends.reader.cursor = 50
    heard(ends.reader, 50)
    jump_back = 1 << 50
    ends.reader.cursor = jump_back
    assert ends.reader.look()[0] == ENDED
    assert ends.writer.ended


def test_a_failure_comes_behind_the_good_bytes(ends: Pair) -> None:
    supply(ends.writer, 100)
    ends.writer.fail(StatusCode.IO)
    heard(ends.reader, 100)
    assert ends.reader.look()[0] == FAILED
    ends.reader.cursor = 101
    assert ends.reader.look()[0] == AWAY, "elsewhere there may be bytes"


def test_the_next_writer_goes_on_where_the_last_one_published(ends: Pair) -> None:
    supply(ends.writer, 100)
    ends.writer.fail(StatusCode.IO)
    ends.writer.close()
    ends.writer = StreamEnd(ends.stream.fd, lib.ST_STREAM_WRITER)
    ends.writer.greet()
    assert (ends.writer.position, ends.writer.look()) == (100, (OK, AHEAD - 100))
    heard(ends.reader, 100)
    assert ends.reader.look()[0] == EMPTY, "the failure was taken back"
    supply(ends.writer, 5)
    ends.writer.end()
    ends.writer.close()
    ends.writer = StreamEnd(ends.stream.fd, lib.ST_STREAM_WRITER)
    ends.writer.greet()
    assert ends.writer.ended
    heard(ends.reader, 5)
    assert ends.reader.look()[0] == ENDED


def test_the_next_writer_answers_what_the_last_one_did_not(ends: Pair) -> None:
    supply(ends.writer, 100)
    ends.reader.cursor = 1 << 30
    assert ends.reader.look()[0] == AWAY
    ends.reader.ask()
    # It dies in the midst of its answer.
    ends.words.set(base_offset=1 << 30)
    ends.writer.close()
    ends.writer = StreamEnd(ends.stream.fd, lib.ST_STREAM_WRITER)
    assert ends.writer.look()[0] == ASKED
    assert ends.writer.answer() == OK
    supply(ends.writer, 10)
    heard(ends.reader, 10)


def test_the_next_reader_begins_at_the_start(ends: Pair) -> None:
    supply(ends.writer, 3000)
    heard(ends.reader, 3000)
    ends.reader.close()
    ends.reader = StreamEnd(ends.stream.fd, lib.ST_STREAM_READER)
    assert (ends.reader.position, ends.reader.cursor) == (3000, 0)
    jump(ends, 0)
    supply(ends.writer, 10)
    heard(ends.reader, 10)


def test_the_next_reader_needs_no_question_while_the_start_is_kept(ends: Pair) -> None:
    supply(ends.writer, 3000)
    heard(ends.reader, HISTORY)
    ends.reader.close()
    ends.reader = StreamEnd(ends.stream.fd, lib.ST_STREAM_READER)
    heard(ends.reader, 3000)


@pytest.mark.parametrize("answered", [False, True])
def test_the_next_reader_asks_anew_what_the_last_one_had_asked(ends: Pair, answered: bool) -> None:
    supply(ends.writer, 3000)
    ends.reader.cursor = 1 << 30
    ends.reader.ask()
    if answered:
        assert ends.writer.answer() == OK
        supply(ends.writer, 100)
    ends.reader.close()
    ends.reader = StreamEnd(ends.stream.fd, lib.ST_STREAM_READER)
    jump(ends, 0)
    supply(ends.writer, 10)
    heard(ends.reader, 10)


def test_what_cannot_seek_goes_on_where_it_is(shm: str) -> None:
    assert shm
    with pair(FORMAT._replace(seeks=False)) as ends:
        supply(ends.writer, 3000)
        heard(ends.reader, 2500)
        ends.reader.close()
        ends.reader = StreamEnd(ends.stream.fd, lib.ST_STREAM_READER)
        assert ends.reader.cursor == 2500
        ends.writer.close()
        ends.writer = StreamEnd(ends.stream.fd, lib.ST_STREAM_WRITER)
        supply(ends.writer, 10)
        heard(ends.reader, 510)
        ends.reader.ask()
        assert ends.writer.answer() == IMPOSSIBLE, "nobody may ask it to"


def test_abandoned(ends: Pair) -> None:
    supply(ends.writer, 100)
    ends.writer.close()
    ends.stream.abandon(StatusCode.IO)
    heard(ends.reader, 100)
    assert ends.reader.look()[0] == FAILED
    ends.reader.cursor = 1 << 30
    assert ends.reader.look()[0] == AWAY
    ends.reader.ask()
    assert ends.reader.look()[0] == EMPTY
    assert ends.stream.words().waits
    ends.stream.abandon(StatusCode.IO)
    assert ends.reader.look()[0] == FAILED
    assert not ends.stream.words().waits


def test_the_host_sees_where_both_stand(ends: Pair) -> None:
    supply(ends.writer, 100)
    heard(ends.reader, 60)
    words = ends.stream.words()
    assert (words.base_offset, words.write_pos, words.read_pos) == (0, 100, 60)
    assert (words.ended, words.failure, words.waits) == (False, 0, False)
    ends.stream.close()
    ends.stream.close()
    with pytest.raises(StreamError, match="closed"):
        ends.stream.words()


@pytest.mark.parametrize(
    "fmt",
    [
        *(FORMAT._replace(capacity_bytes=value) for value in (0, 1, 2048, 5000, 1 << 29, -4096)),
        *(FORMAT._replace(history_bytes=value) for value in (-1, CAPACITY // 2 + 1, CAPACITY + 1)),
        FORMAT._replace(size_bytes=2**62 + 1),
    ],
)
def test_a_format_that_cannot_be(fmt: StreamFormat) -> None:
    with pytest.raises(StreamError):
        ByteStream(fmt)


def test_usual_formats() -> None:
    for fmt in (StreamFormat(True, None), StreamFormat(False, 0), StreamFormat(True, 2**62)):
        with ByteStream(fmt) as stream:
            assert stream.words().write_pos == 0


# ---- sleeping: each wait ends by the peer's deed, long before its deadline; one that does not is a lost wake-up ----

LONG_S = 60.0


def asleep(end: StreamEnd, count: int) -> tuple[threading.Thread, list[int]]:
    """A thread that waits; and, later, its result."""
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(end.wait(count, LONG_S)))
    thread.start()
    return thread, results


@pytest.mark.parametrize("deed", ["bytes", "the end", "a failure", "a new writer", "an interrupt"])
def test_the_reader_is_woken(ends: Pair, deed: str) -> None:
    thread, results = asleep(ends.reader, 100)
    expected = OK
    match deed:
        case "bytes":
            supply(ends.writer, 100)
        case "the end":
            ends.writer.end()
            expected = ENDED
        case "a failure":
            ends.writer.fail(StatusCode.IO)
            expected = FAILED
        case "a new writer":
            supply(ends.writer, 1)  # too few to be woken for
            ends.writer.greet()
        case _:
            ends.reader.interrupt()
            expected = EMPTY
    thread.join(LONG_S / 2)
    assert results == [expected]


@pytest.mark.parametrize("deed", ["room", "a question", "an interrupt"])
def test_the_writer_is_woken(ends: Pair, deed: str) -> None:
    supply(ends.writer, AHEAD)
    assert ends.reader.look() == (OK, AHEAD)
    thread, results = asleep(ends.writer, AHEAD // 4)
    expected = OK
    match deed:
        case "room":
            ends.reader.take(AHEAD // 4)
        case "a question":
            ends.reader.cursor = 1 << 30
            ends.reader.ask()
            expected = ASKED
        case _:
            ends.writer.interrupt()
            expected = EMPTY
    thread.join(LONG_S / 2)
    assert results == [expected]


def test_a_deadline_ends_a_wait(ends: Pair) -> None:
    assert ends.reader.wait(1, 0.01) == EMPTY
    supply(ends.writer, AHEAD)
    assert ends.writer.wait(1, 0.01) == EMPTY
