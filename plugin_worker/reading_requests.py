"""What is asked of decoders but for their pump, and of the two ends of a byte stream. Lane thread."""

from __future__ import annotations

import os
from collections.abc import Sequence

from abi.wire import (
    At,
    AttachStream,
    CloseStream,
    Done,
    Message,
    OpenDecoder,
    OpenFromStream,
    PrimeDecoder,
    ReadCover,
    Reply,
    SeekDecoder,
    close_fds,
)
from plugin_worker.capabilities import DecoderInstance, Instance, SourceInstance
from plugin_worker.errors import Misuse

__all__ = ["as_decoder", "decoder_request", "open_decoder", "open_from_stream", "stream_request"]


def as_decoder(instance: Instance) -> DecoderInstance:
    """Raises: Misuse: it is none."""
    if not isinstance(instance, DecoderInstance):
        raise Misuse("dispatch", "the instance is no decoder")
    return instance


def open_decoder(instance: Instance, message: Message, fds: Sequence[int]) -> Reply:
    """The media descriptor is the decoder's from here on."""
    assert isinstance(message, OpenDecoder)
    try:
        decoder = as_decoder(instance)
    except Misuse:
        os.close(fds[0])
        raise
    return decoder.open(message, fds[0])


def open_from_stream(instance: Instance, message: Message, fds: Sequence[int]) -> Reply:
    """The segment is mapped; its descriptor is not needed afterwards."""
    assert isinstance(message, OpenFromStream)
    try:
        return as_decoder(instance).open_stream(message, fds[0])
    finally:
        close_fds(list(fds))


def decoder_request(instance: Instance, message: Message, _fds: Sequence[int]) -> Reply:
    """Of one that is open."""
    decoder = as_decoder(instance)
    if isinstance(message, SeekDecoder):
        return decoder.seek(message.frame)
    if isinstance(message, PrimeDecoder):
        decoder.prime()
        return Done()
    return decoder.cover() if isinstance(message, ReadCover) else decoder.metadata()


def stream_request(instance: Instance, message: Message, fds: Sequence[int]) -> Reply:
    """The source's end of a byte stream."""
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
