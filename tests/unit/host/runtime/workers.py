"""A spawner whose workers are peers in this process: well-behaved unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from signal import SIGTERM

from abi.kinds import API_VERSION, CapabilityKind
from abi.wire import (
    CapabilityInfo,
    CreateInstance,
    DestroyInstance,
    Done,
    Event,
    HostEventsTaken,
    InstanceCreated,
    LoadModule,
    Message,
    ModuleInfo,
    Packet,
    Payload,
    Ping,
    Pong,
    PushHostEvents,
    Shutdown,
    ShutdownDone,
)
from host.ids import PluginId, TypeId
from host.packages import CapabilityManifest, PluginManifest
from host.settings import Limits
from host.worker import ExitStatus, WorkerHandle, WorkerSpec
from tests.unit.host.worker.peer import Answer, Peer

GAIN = PluginId("test.dsp.gain")
TYPE = TypeId("gain")
MANIFEST = PluginManifest(
    id=GAIN,
    name="Gain",
    version="1.0.0",
    folder=Path("/plugins/gain"),
    entry=Path("/plugins/gain/gain.so"),
    is_python=False,
    capabilities=(CapabilityManifest(CapabilityKind.DSP, TYPE, "Gain", {}, {}),),
)


def module_info(
    plugin_id: str = GAIN, version: str = "1.0.0", api: int = API_VERSION, types: tuple[str, ...] = (TYPE,)
) -> ModuleInfo:
    capabilities = tuple(
        CapabilityInfo(CapabilityKind.DSP, name, name, Payload(b"{}"), Payload(b"{}"), ()) for name in types
    )
    return ModuleInfo(plugin_id, "Gain", version, Payload(b'{"api_version": %d}' % api), capabilities)


def obey(peer: Peer, packet: Packet) -> None:
    """What a good worker answers."""
    replies: dict[type[Message], Message] = {
        LoadModule: module_info(),
        CreateInstance: InstanceCreated(0, 3, False),
        DestroyInstance: Done(),
        Ping: Pong(),
        PushHostEvents: HostEventsTaken(0),
        Shutdown: ShutdownDone(),
    }
    peer.reply(packet, replies[type(packet.message)])
    if isinstance(packet.message, Shutdown):
        peer.process.end(ExitStatus(code=0))


class Workers:
    """Starts peers instead of processes, and keeps them for the test to look at."""

    def __init__(self, answer: Answer = obey) -> None:
        self.answer = answer
        self.mortal = True
        self.peers: list[Peer] = []
        self.before_start: Callable[[], None] = lambda: None

    async def spawn(
        self, spec: WorkerSpec, on_event: Callable[[WorkerHandle, Event], None], _limits: Limits
    ) -> WorkerHandle:
        self.before_start()
        peer = Peer(spec, self.answer, self.mortal)
        self.peers.append(peer)
        return peer.handle(spec, on_event)

    @property
    def peer(self) -> Peer:
        """The newest."""
        return self.peers[-1]


def dies_of_sigterm(peer: Peer) -> None:
    """Lets a worker end by SIGTERM only."""
    process = peer.process
    plain = process.send_signal

    def send_signal(number: int) -> None:
        plain(number)
        if number == SIGTERM:
            with suppress(OSError):
                process.end(ExitStatus(signal=SIGTERM))

    process.send_signal = send_signal  # type: ignore[method-assign]  # this one peer only
