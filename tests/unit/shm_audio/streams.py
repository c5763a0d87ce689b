"""Byte streams with both ends in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from shm_audio import ByteStream, StreamFormat
from shm_audio._core import lib
from tests.support.stream_end import RawStreamWords, StreamEnd

__all__ = ["AHEAD", "CAPACITY", "FORMAT", "HISTORY", "MakeStream", "Pair", "pair"]

CAPACITY, HISTORY = 4096, 1024
AHEAD = CAPACITY - HISTORY
FORMAT = StreamFormat(seeks=True, size_bytes=None, capacity_bytes=CAPACITY, history_bytes=HISTORY)


@dataclass
class Pair:
    """A stream with both its ends in this process, and its words laid open. Ends may be replaced."""

    stream: ByteStream
    writer: StreamEnd
    reader: StreamEnd
    words: RawStreamWords


MakeStream = Callable[[StreamFormat], Pair]


@contextmanager
def pair(fmt: StreamFormat = FORMAT) -> Iterator[Pair]:
    """Closed after the block, with all that it then holds."""
    with ExitStack() as stack:
        stream = stack.enter_context(ByteStream(fmt))
        words = RawStreamWords(stream.fd)
        stack.callback(words.close)
        made = Pair(
            stream, StreamEnd(stream.fd, lib.ST_STREAM_WRITER), StreamEnd(stream.fd, lib.ST_STREAM_READER), words
        )
        assert made.writer.map_result == made.reader.map_result == lib.ST_STREAM_OK
        stack.callback(lambda: made.writer.close())  # whoever it is by then
        stack.callback(lambda: made.reader.close())
        yield made
