"""Scanners: a lane that probes one file after the other, and gathers what was told of them.

Imported only by workers that scan: hashes are not for those that play. Work is done on lane threads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from abi.kinds import CapabilityKind
from abi.wire import (
    CreateInstance,
    CreateScanner,
    FilesScanned,
    InstanceCreated,
    Packet,
    Payload,
    Reply,
    ScanFiles,
    ScannedFile,
    close_fds,
)
from plugin_worker.capabilities import create_instance
from plugin_worker.errors import LoadFault, Misuse, PluginSaidNo, WorkerFault
from plugin_worker.instances import Instances
from plugin_worker.lane import Job, LaneHome
from plugin_worker.module import LoadedModule
from plugin_worker.probe import Probe, Probed

__all__ = ["Scanner", "dispatch_scan"]

#: Tags, and covers, of all files in one answer.
MAX_ANSWER = 16 << 20
_MAX_TEXT = 300
_MOST_REMEMBERED = 4096


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
            create_instance(home, lane, module, order).destroy()  # a configuration that is none is refused here
            probe = Probe(lane.native, module.table, message.type_id, message.config)
            instances.put(message.instance, Scanner(probe))
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

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._handed_out: set[bytes] = set()

    def scan(self, request: ScanFiles, fds: Sequence[int]) -> FilesScanned:
        """What each file is. The descriptors are the scanner's, and closed afterwards.

        Raises: LoadFault: no decoder of this type can be made.
        """
        files: list[ScannedFile] = []
        tags: list[bytes] = []
        covers: list[bytes] = []
        tags_bytes = covers_bytes = 0
        try:
            for name, extension, fd in zip(request.names, request.extensions, fds, strict=True):
                read = self._read(name, extension, fd)
                if isinstance(read, WorkerFault):
                    files.append(_refused(read))
                    continue
                sha256 = hashlib.sha256(read.cover).digest() if read.cover else b""
                cover = b"" if sha256 in self._handed_out else read.cover
                if files and max(tags_bytes + len(read.tags), covers_bytes + len(cover)) > MAX_ANSWER:
                    break
                tags_bytes += len(read.tags)
                covers_bytes += len(cover)
                tags.append(read.tags)
                covers.append(cover)
                files.append(ScannedFile((read.opened,), "", 0, "", len(read.tags), sha256, len(cover)))
                self._remember(sha256)
        finally:
            close_fds(list(fds))
        return FilesScanned(tuple(files), Payload(b"".join(tags)), Payload(b"".join(covers)))

    def destroy(self) -> None:
        """Its decoders are gone already."""

    def _read(self, name: str, extension: str, fd: int) -> Probed | WorkerFault:
        try:
            return self._probe.file(name, extension, fd)
        except LoadFault:
            raise
        except WorkerFault as fault:
            return fault

    def _remember(self, sha256: bytes) -> None:
        if len(self._handed_out) >= _MOST_REMEMBERED:
            self._handed_out.clear()
        if sha256:
            self._handed_out.add(sha256)


def _refused(fault: WorkerFault) -> ScannedFile:
    code = fault.code if isinstance(fault, PluginSaidNo) else 0
    return ScannedFile((), fault.call, code, fault.reply().text[:_MAX_TEXT], 0, b"", 0)
