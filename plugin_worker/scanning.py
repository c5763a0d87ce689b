"""Scanners: a lane that makes one decoder after the other, opens a file with each, and keeps what it told of it.

Imported only by workers that scan: hashes are not for those that play. Work is done on lane threads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from abi.kinds import CapabilityKind
from abi.wire import (
    CreateInstance,
    CreateScanner,
    DecoderOpened,
    FilesScanned,
    InstanceCreated,
    OpenDecoder,
    Packet,
    Payload,
    Reply,
    ScanFiles,
    ScannedFile,
    close_fds,
)
from plugin_worker.capabilities import DecoderInstance, Instance, create_instance
from plugin_worker.errors import LoadFault, Misuse, PluginSaidNo, WorkerFault
from plugin_worker.instances import Instances
from plugin_worker.lane import Job, LaneHome
from plugin_worker.module import LoadedModule

__all__ = ["Scanner", "dispatch_scan"]

#: Tags, and covers, of all files in one answer.
MAX_ANSWER = 16 << 20
_MAX_TEXT = 300
_MAX_TOLD = 4096


class _Cover(NamedTuple):
    sha256: bytes
    data: bytes


_NO_COVER = _Cover(b"", b"")


def dispatch_scan(home: LaneHome, instances: Instances, module: LoadedModule | None, packet: Packet) -> None:
    """Queues the work of a CreateScanner or ScanFiles on its lane. Control thread.

    Raises:
        Misuse: no such scanner, or other descriptors than files; they are then still the caller's.
    """
    message, fds = packet.message, packet.fds
    if isinstance(message, CreateScanner):
        if module is None or fds:
            raise Misuse("create", "no module is loaded, or descriptors came with it")
        lane = instances.new_lane(message.instance)
        lane.native.plugin_free = module.table.plugin_free
        order = CreateInstance(message.instance, CapabilityKind.DECODER, message.type_id, message.config, 0, 0, ())

        def create() -> Reply:
            instances.put(message.instance, Scanner(lambda: create_instance(home, lane, module, order)))
            return InstanceCreated(0, 0, False)

        lane.submit(Job(create, packet.request_id, vital=True))
    elif isinstance(message, ScanFiles):
        if not len(message.names) == len(message.extensions) == len(fds) > 0:
            raise Misuse("scan", f"{len(message.names)} files are named, {len(fds)} descriptors came")
        lane = instances.lane(message.instance)
        lane.submit(Job(lambda: _scan(instances, message, fds), packet.request_id, fds=fds))


def _scan(instances: Instances, message: ScanFiles, fds: Sequence[int]) -> Reply:
    try:
        scanner = instances.made(message.instance)
        if not isinstance(scanner, Scanner):
            raise Misuse("scan", f"a {type(scanner).__name__} scans no files")
    except Misuse:
        close_fds(list(fds))
        raise
    return scanner.scan(message, fds)


class Scanner:
    """Of one type and configuration. It remembers which covers it handed out, and nothing else."""

    def __init__(self, make: Callable[[], Instance]) -> None:
        """Makes and ends a first decoder, so that a configuration that is none is refused here. Raises: as ``make``."""
        self._make = make
        self._told: set[bytes] = set()
        make().destroy()

    def scan(self, request: ScanFiles, fds: Sequence[int]) -> FilesScanned:
        """What each file is. The descriptors are the scanner's, and closed afterwards."""
        files: list[ScannedFile] = []
        tags: list[bytes] = []
        covers: list[bytes] = []
        tags_bytes = covers_bytes = 0
        left = list(fds)
        try:
            for name, extension in zip(request.names, request.extensions, strict=True):
                opened, text, cover, failure = self._read(name, extension, left.pop(0))
                told = cover.sha256 in self._told
                data = b"" if told else cover.data
                if files and max(tags_bytes + len(text), covers_bytes + len(data)) > MAX_ANSWER:
                    break
                tags_bytes += len(text)
                covers_bytes += len(data)
                tags.append(text)
                covers.append(data)
                files.append(_told(opened, failure, len(text), cover.sha256, len(data)))
                self._remember(cover.sha256)
        finally:
            close_fds(left)
        return FilesScanned(tuple(files), Payload(b"".join(tags)), Payload(b"".join(covers)))

    def destroy(self) -> None:
        """Its decoders are gone already."""

    def _read(
        self, name: str, extension: str, fd: int
    ) -> tuple[DecoderOpened | None, bytes, _Cover, WorkerFault | None]:
        try:
            decoder = self._make()
        except WorkerFault as fault:
            close_fds([fd])
            return None, b"", _NO_COVER, fault
        assert isinstance(decoder, DecoderInstance)
        try:
            opened = decoder.open(OpenDecoder(0, name, extension), fd)
            try:
                text, picture = decoder.tags_and_cover()
                cover = _Cover(hashlib.sha256(picture).digest(), picture) if picture else _NO_COVER
            except WorkerFault:  # it plays, and says nothing of use about itself
                text, cover = b"", _NO_COVER
        except WorkerFault as fault:
            return None, b"", _NO_COVER, fault
        finally:
            decoder.destroy()
        return opened, text, cover, None

    def _remember(self, sha256: bytes) -> None:
        if len(self._told) >= _MAX_TOLD:
            self._told.clear()
        if sha256:
            self._told.add(sha256)


def _told(
    opened: DecoderOpened | None, failure: WorkerFault | None, tags_bytes: int, sha256: bytes, cover_bytes: int
) -> ScannedFile:
    if opened is not None:
        return ScannedFile((opened,), "", 0, "", tags_bytes, sha256, cover_bytes)
    assert failure is not None
    if isinstance(failure, LoadFault):
        raise failure  # nothing of that type can be made at all
    text = failure.reply().text[:_MAX_TEXT]
    code = failure.code if isinstance(failure, PluginSaidNo) else 0
    return ScannedFile((), failure.call, code, text, 0, b"", 0)
