"""Any order of reads, seeks, answers and deaths: the reader gets the bytes of the offset that it stands at, or none.

Deaths are put between any two stores of an operation: it is done, and what it stored last is taken back, word by word.
"""

from __future__ import annotations

from contextlib import ExitStack

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shm_audio._core import lib
from tests.support.stream_end import StreamEnd, content
from tests.unit.shm_audio.streams import AHEAD, FORMAT, HISTORY, Pair, pair

OK, EMPTY, ASKED, ENDED = lib.ST_STREAM_OK, lib.ST_STREAM_EMPTY, lib.ST_STREAM_ASKED, lib.ST_STREAM_ENDED
AWAY = lib.ST_STREAM_AWAY
SIZE = 9000
OFFSETS = st.integers(0, SIZE + 100)
#: Words that an operation stores, in this order.
ANSWER = ("base_offset", "write_pos", "ended", "failure", "epoch")
ASK = ("seek_offset", "seek_epoch")
TAKE = ("read_pos", "read_epoch")


class Streaming(RuleBasedStateMachine):
    """One stream of SIZE bytes, a writer that knows them, a reader with a place."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.ends: Pair
        self.place = 0

    @initialize()
    def begin(self) -> None:
        self.ends = self.stack.enter_context(pair(FORMAT))

    def teardown(self) -> None:
        self.stack.close()

    # ---- deaths ----

    def next_writer(self) -> None:
        self.ends.writer.close()
        self.ends.writer = StreamEnd(self.ends.stream.fd, lib.ST_STREAM_WRITER)
        assert self.ends.writer.map_result == OK
        self.ends.writer.greet()

    def next_reader(self) -> None:
        self.ends.reader.close()
        self.ends.reader = StreamEnd(self.ends.stream.fd, lib.ST_STREAM_READER)
        assert self.ends.reader.map_result == OK
        self.ends.reader.greet()
        self.place = 0

    def take_back(self, before: dict[str, int], words: tuple[str, ...], kept: int) -> None:
        """Only the first ``kept`` of the words were stored."""
        self.ends.words.set(**{word: before[word] for word in words[kept:]})

    def now(self, words: tuple[str, ...]) -> dict[str, int]:
        return {word: self.ends.words.get(word) for word in words}

    # ---- what both do ----

    @rule(count=st.integers(1, 3000), dies=st.booleans())
    def write(self, count: int, dies: bool) -> None:
        writer = self.ends.writer
        result, room = writer.look()
        if result == ASKED or writer.ended:
            return
        assert result == OK
        count = min(count, room, max(0, SIZE - writer.position))
        if count == 0 and room > 0:
            writer.end()
        elif count and dies:
            position = writer.position
            before = self.now(("write_pos",))
            writer.put(bytes(reversed(content(position, count))))  # nobody may ever see these
            self.take_back(before, ("write_pos",), 0)
        elif count:
            writer.put(content(writer.position, count))
        if dies:
            self.next_writer()

    @rule(kept=st.integers(0, len(ANSWER)))
    def answer(self, kept: int) -> None:
        if self.ends.writer.look()[0] != ASKED:
            return
        before = self.now(ANSWER)
        assert self.ends.writer.answer() == OK
        if kept < len(ANSWER):
            self.take_back(before, ANSWER, kept)
            self.next_writer()

    @rule(offset=OFFSETS)
    def seek(self, offset: int) -> None:
        self.place = self.ends.reader.cursor = offset

    @rule(count=st.integers(1, 3000))
    def read(self, count: int) -> None:
        reader = self.ends.reader
        assert reader.cursor == self.place
        result, there = reader.look()
        assert result in (OK, EMPTY, ENDED, AWAY)
        if result == OK:
            count = min(count, there)
            assert reader.take(count) == content(self.place, count)
            self.place += count
            assert self.place <= SIZE
        elif result == ENDED:
            assert self.place >= SIZE

    @rule(kept=st.integers(0, len(ASK)))
    def ask(self, kept: int) -> None:
        if self.ends.reader.look()[0] != AWAY:
            return
        before = self.now(ASK)
        self.ends.reader.ask()
        if kept < len(ASK):
            self.take_back(before, ASK, kept)
            self.next_reader()

    @rule()
    def dies_while_it_takes_an_answer(self) -> None:
        before = self.now(TAKE)
        self.ends.reader.look()
        if self.now(TAKE)["read_epoch"] != before["read_epoch"]:
            self.take_back(before, TAKE, 1)
            self.next_reader()

    @rule()
    def a_new_reader(self) -> None:
        self.next_reader()

    # ---- what holds at any time ----

    @precondition(lambda self: hasattr(self, "ends"))
    @invariant()
    def who_comes_next_finds_possible_words(self) -> None:
        """Whatever was done, and whoever died in the midst of it."""
        page = self.ends.words.page()
        with (
            StreamEnd(self.ends.stream.fd, lib.ST_STREAM_WRITER) as writer,
            StreamEnd(self.ends.stream.fd, lib.ST_STREAM_READER) as reader,
        ):
            assert writer.map_result == reader.map_result == OK
            words = self.ends.stream.words()
            assert words.waits or words.base_offset <= words.write_pos
            if not words.waits and writer.look()[0] == OK:
                assert writer.position - max(words.read_pos, words.base_offset) <= AHEAD
                assert writer.look()[1] <= AHEAD <= FORMAT.capacity_bytes - HISTORY
        assert self.ends.words.page() == page, "to look and to attach changes nothing"


TestStreaming = Streaming.TestCase
TestStreaming.settings = settings(
    max_examples=80,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
