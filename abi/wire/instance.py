"""Instances: making, opening, asking, ending. Ids are the host's and never used twice in one worker."""

from __future__ import annotations

from abi.wire.message import Payload, Reply, Request, message

__all__ = [
    "CloseSink",
    "CoverTold",
    "CreateInstance",
    "DecoderOpened",
    "DestroyInstance",
    "Done",
    "InstanceCreated",
    "Json",
    "Landed",
    "ListTargets",
    "Negotiated",
    "NegotiateSink",
    "OpenDecoder",
    "OpenFromStream",
    "OpenSink",
    "ReadCover",
    "ReadMetadata",
    "SeekDecoder",
]


@message(20)
class Done(Reply):
    """It is done, and there is nothing more to say."""


@message(21)
class InstanceCreated(Reply):
    """Facts that hold as long as the instance does; zero where the kind has no such thing.

    ``layouts``: ``ST_LAYOUT_*`` bits of a dsp; ``exports_state``: its running state can be kept and handed on.
    """

    latency_frames: int
    layouts: int
    exports_state: bool


@message(22)
class CreateInstance(Request[InstanceCreated]):
    """``sample_rate_hz`` and ``channels`` are for a dsp, else 0. ``files``: strings whose descriptors come along."""

    instance: int
    kind: int
    type_id: str
    config: Payload
    sample_rate_hz: int
    channels: int
    files: tuple[str, ...]


@message(23)
class DestroyInstance(Request[Done]):
    """Detaches it where it stands, closes what is open, destroys it."""

    instance: int


@message(24)
class DecoderOpened(Reply):
    """``StDecoderInfo`` and which ways to seek the decoder has. ``flags``: ``DecoderFlag``."""

    sample_rate_hz: int
    channels: int
    duration_ms: int
    total_frames: int
    encoder_delay_frames: int
    encoder_padding_frames: int
    bits_per_sample: int
    flags: int
    seeks_frames: bool
    seeks_ms: bool


@message(25)
class OpenDecoder(Request[DecoderOpened]):
    """Descriptor 0 is the media file, open for reading. ``path`` and ``extension`` are labels."""

    instance: int
    path: str
    extension: str


@message(35)
class OpenFromStream(Request[DecoderOpened]):
    """Descriptor 0 is the segment of a byte stream, which the decoder reads; else as ``OpenDecoder``.

    A read that has waited ``wait_ms`` for the next byte fails.
    """

    instance: int
    path: str
    extension: str
    wait_ms: int


@message(26)
class Json(Reply):
    """A JSON text of the plugin, checked to be UTF-8 only; the host parses and checks it."""

    text: Payload


@message(27)
class ReadMetadata(Request[Json]):
    """Tags of an open decoder, without the cover; an empty object when it has none."""

    instance: int


@message(36)
class CoverTold(Reply):
    """The picture as it lies in the file; empty: none. The host looks at its bytes for what it is."""

    picture: Payload


@message(37)
class ReadCover(Request[CoverTold]):
    """The cover of an open decoder's file, at most 12 MiB; tags come without it."""

    instance: int


@message(28)
class Landed(Reply):
    """The source frame that the next read begins with; ``exact`` is false when only ``seek_ms`` was there."""

    frame: int
    exact: bool


@message(29)
class SeekDecoder(Request[Landed]):
    """Moves an open decoder to a source frame or before it."""

    instance: int
    frame: int


@message(30)
class ListTargets(Request[Json]):
    """Targets of a sink instance, a JSON array."""

    instance: int


@message(31)
class Negotiated(Reply):
    """``flags``: ``NegotiateFlag``."""

    sample_rate_hz: int
    channels: int
    preferred_chunk_frames: int
    flags: int


@message(32)
class NegotiateSink(Request[Negotiated]):
    """Asks which spec the target takes when this one is wished for."""

    instance: int
    target: Payload
    sample_rate_hz: int
    channels: int


@message(33)
class OpenSink(Request[Done]):
    """``start_frame`` is the programme position of the first frame to come; ``files`` as in CreateInstance."""

    instance: int
    target: Payload
    sample_rate_hz: int
    channels: int
    start_frame: int
    files: tuple[str, ...]


@message(34)
class CloseSink(Request[Done]):
    """Closes the target; flushed before, or lost."""

    instance: int
