"""What is asked of the two ends of a byte stream: its reader, a decoder, and its writer, a source. Lane thread."""

from __future__ import annotations

from collections.abc import Sequence

from abi.wire import At, AttachStream, CloseStream, Done, Message, OpenFromStream, Reply, close_fds
from plugin_worker.capabilities import DecoderInstance, Instance, SourceInstance
from plugin_worker.errors import Misuse

__all__ = ["open_from_stream", "stream_request"]


def open_from_stream(instance: Instance, message: Message, fds: Sequence[int]) -> Reply:
    """The decoder's end. The segment is mapped; its descriptor is not needed afterwards."""
    assert isinstance(message, OpenFromStream)
    try:
        if not isinstance(instance, DecoderInstance):
            raise Misuse("dispatch", "the instance is no decoder")
        return instance.open_stream(message, fds[0])
    finally:
        close_fds(list(fds))


def stream_request(instance: Instance, message: Message, fds: Sequence[int]) -> Reply:
    """The source's end, likewise."""
    try:
        if not isinstance(instance, SourceInstance):
            raise Misuse("dispatch", "the instance is no source")
        match message:
            case AttachStream():
                return At(instance.attach(message, fds[0]))
            case CloseStream():
                instance.close_stream()
        return Done()
    finally:
        close_fds(list(fds))
