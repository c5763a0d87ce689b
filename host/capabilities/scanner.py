"""A scanner as the host sees it: many files in one round trip, every number and text of the answer checked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from abi.wire import MAX_FDS, DecoderOpened, FilesScanned, ScanFiles, ScannedFile
from host.capabilities.decoder import check_opened, label_for_wire
from host.capabilities.stage import violation
from host.jsontext import JsonObject
from host.printable import printable
from host.runtime import MAX_METADATA_BYTES, Instance, parse_plugin_json

__all__ = ["MOST_FILES", "FileToScan", "Refusal", "Scanned", "Scanner"]

#: Of one request: as many descriptors as a packet carries.
MOST_FILES = MAX_FDS
_SHA256_BYTES = 32


class FileToScan(NamedTuple):
    """An open file, which stays the caller's; ``name`` and ``extension`` are labels."""

    fd: int
    name: str
    extension: str


class Scanned(NamedTuple):
    """What a decoder told of a file. ``cover_sha256``: in hexadecimal, empty without a cover; ``cover``: its bytes,
    None where this scanner has told them before.
    """

    opened: DecoderOpened
    tags: JsonObject
    cover_sha256: str
    cover: bytes | None


class Refusal(NamedTuple):
    """The decoder does not take the file."""

    reason: str


class Scanner:
    """Holds an instance that scans. One call at a time."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        limits = instance.limits
        self._longest_s = (limits.create_ms + limits.open_ms + 2 * limits.read_ms + limits.destroy_ms) / 1000

    async def scan(self, files: Sequence[FileToScan]) -> tuple[Scanned | Refusal, ...]:
        """What the first of the files are: at least one, and at most ``MOST_FILES`` are given.

        A decoder that stands still is ended by the watcher, call by call. Raises:
            ProtocolViolated: the answer cannot be; its worker is killed. And what ``Instance.request`` raises.
        """
        names = tuple(label_for_wire(each.name)[-255:] for each in files)
        extensions = tuple(label_for_wire(each.extension)[-64:] for each in files)
        request = ScanFiles(self.instance.id, names, extensions)
        reply = await self.instance.request(request, self._longest_s * len(files), tuple(each.fd for each in files))
        return self._checked(reply, len(files))

    async def close(self) -> None:
        """Ends it; twice is fine."""
        await self.instance.destroy()

    def _checked(self, reply: FilesScanned, asked: int) -> tuple[Scanned | Refusal, ...]:
        if not 0 < len(reply.files) <= asked:
            raise violation(self.instance, "scan", f"{len(reply.files)} answers for {asked} files")
        told: list[Scanned | Refusal] = []
        tags_at = covers_at = 0
        for file in reply.files:
            tags = reply.tags[tags_at : tags_at + file.tags_bytes]
            cover = reply.covers[covers_at : covers_at + file.cover_bytes]
            if file.tags_bytes != len(tags) or file.cover_bytes != len(cover):
                raise violation(self.instance, "scan", "its texts are shorter than it says")
            tags_at += len(tags)
            covers_at += len(cover)
            told.append(self._file(file, tags, cover))
        return tuple(told)

    def _file(self, file: ScannedFile, tags: bytes, cover: bytes) -> Scanned | Refusal:
        if len(file.opened) != 1:
            said = printable(file.why_not) or "it says no"
            return Refusal(f"{printable(file.call)}: {said}")
        check_opened(self.instance, file.opened[0])
        if len(file.cover_sha256) not in (0, _SHA256_BYTES) or (cover and not file.cover_sha256):
            raise violation(self.instance, "scan", "a cover without its hash")
        if cover and hashlib.sha256(cover).digest() != file.cover_sha256:
            raise violation(self.instance, "scan", "a cover that is not what its hash says")
        return Scanned(file.opened[0], _members(tags), file.cover_sha256.hex(), cover or None)


def _members(text: bytes) -> JsonObject:
    """The tags; none where they are no JSON object: the file plays nevertheless."""
    try:
        value = parse_plugin_json(text, MAX_METADATA_BYTES)
    except (ValueError, UnicodeDecodeError):
        return {}
    return value if isinstance(value, dict) else {}
