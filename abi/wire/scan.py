"""Scanning: many files in one round trip, each through a decoder instance of its own that nobody else sees."""

from __future__ import annotations

from abi.wire.instance import DecoderOpened, InstanceCreated
from abi.wire.message import Payload, Record, Reply, Request, message, part

__all__ = ["CreateScanner", "FilesScanned", "ScanFiles", "ScannedFile"]


@part
class ScannedFile(Record):
    """What one file is.

    ``opened``: one entry, or none when the decoder did not take the file; then ``call``, ``code`` and ``why_not`` say
    what it said, and ``code`` 0 that it broke the contract in saying so. ``tags_bytes``: how much of ``tags`` is its
    own. ``cover_sha256``: empty without a cover; ``cover_bytes``: how much of ``covers`` is its own, 0 when this
    scanner has handed out a cover of that hash before.
    """

    opened: tuple[DecoderOpened, ...]
    call: str
    code: int
    why_not: str
    tags_bytes: int
    cover_sha256: bytes
    cover_bytes: int


@message(110)
class CreateScanner(Request[InstanceCreated]):
    """A lane that makes decoders of one type and configuration, one for each file."""

    instance: int
    type_id: str
    config: Payload


@message(111)
class FilesScanned(Reply):
    """The files in their order; fewer than were sent when more would not have fitted, but at least one.

    ``tags``: JSON texts of the plugin without their covers, one after the other.
    """

    files: tuple[ScannedFile, ...]
    tags: Payload
    covers: Payload


@message(112)
class ScanFiles(Request[FilesScanned]):
    """Descriptor n is file n, open for reading. ``names`` and ``extensions`` are labels."""

    instance: int
    names: tuple[str, ...]
    extensions: tuple[str, ...]
