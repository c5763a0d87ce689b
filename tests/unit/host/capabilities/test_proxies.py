"""The proxies: what they send, and that nothing a plugin answers is believed unchecked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from abi.wire import (
    At,
    AtCut,
    AttachDecode,
    AttachDsp,
    AttachSink,
    AttachStream,
    CloseStream,
    DecoderOpened,
    DetachStage,
    Done,
    Join,
    Json,
    Landed,
    Message,
    Negotiated,
    OpenDecoder,
    OpenFromStream,
    OpenSink,
    Payload,
    Resampler,
    SeekDecoder,
)
from host.capabilities import Decoder, Dsp, Sink, Source
from host.errors import ProtocolViolated, StellaError
from host.events import EventBus
from host.runtime import FileGrant, FileGrants, Instance, PluginRuntime, loading
from host.settings import Settings
from shm_audio import ByteStream, Checkpoints, Ring, RingFormat, StreamFormat
from tests.unit.host.runtime.workers import GAIN, MANIFEST, TYPE, Workers, obey
from tests.unit.host.worker.peer import Answer, Peer, replying


def opened(rate: int = 48000, channels: int = 2, frames: int = 48000) -> DecoderOpened:
    return DecoderOpened(rate, channels, 1000, frames, 0, 0, 16, 0, True, False)


OPENED = opened()
FORMAT = RingFormat(48000, 2, 512, 4096, 4096)


@pytest.fixture(autouse=True)
def _no_library_to_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers of these tests are sockets, and their libraries no files."""
    monkeypatch.setattr(loading, "copy_library", lambda _: None)


def run(tmp_path: Path, body: Callable[[Instance, Peer], Awaitable[None]], answer: Answer = obey) -> bool:
    """Runs the body with a live instance; says whether its worker outlived it."""

    async def whole() -> bool:
        workers = Workers()
        settings = Settings()
        runtime = PluginRuntime({GAIN: MANIFEST}, EventBus(), settings, state_dir=tmp_path, spawner=workers.spawn)
        instance = await runtime.create(GAIN, CapabilityKind.DSP, TYPE, {})
        workers.peer.answer = answer
        await body(instance, workers.peer)
        workers.peer.answer = obey
        survived = workers.peer.process.kills == 0
        await runtime.close()
        return survived

    before = len(os.listdir("/proc/self/fd"))
    survived = asyncio.run(whole())
    assert len(os.listdir("/proc/self/fd")) == before
    return survived


def test_a_decoder_is_opened_on_a_descriptor_that_stays_the_callers(tmp_path: Path) -> None:
    async def body(instance: Instance, peer: Peer) -> None:
        fd = os.open("/dev/null", os.O_RDONLY)
        assert await Decoder(instance).open(fd, "/music/\udcff\0" + "x" * 9000, "flac") == OPENED
        os.close(fd)
        sent = peer.received[-1]
        assert isinstance(sent, OpenDecoder)
        assert (len(sent.path), sent.extension, peer.fds_seen) == (4000, "flac", 1)

    assert run(tmp_path, body, replying(OPENED))


def test_a_decoder_is_opened_on_a_stream(tmp_path: Path) -> None:
    async def body(instance: Instance, peer: Peer) -> None:
        with ByteStream(StreamFormat(seeks=True, size_bytes=None)) as stream:
            assert await Decoder(instance).open_stream(stream, "a", "flac", wait_s=1.5) == OPENED
        assert peer.received[-1] == OpenFromStream(instance.id, "a", "flac", 1500)
        assert peer.fds_seen == 1

    assert run(tmp_path, body, replying(OPENED))


def test_a_source_is_attached_let_go_and_closed(tmp_path: Path) -> None:
    async def body(instance: Instance, peer: Peer) -> None:
        source = Source(instance)
        with ByteStream(StreamFormat(seeks=True, size_bytes=None)) as stream:
            assert await source.attach(stream, 3, counted=True) == 512
            assert await source.detach() == 512
            assert peer.received[-2:] == [AttachStream(instance.id, 3, True), DetachStage(instance.id)]
            assert peer.fds_seen == 1
            peer.answer = replying(Done())
            await source.close_stream()
            assert peer.received[-1] == CloseStream(instance.id)

    assert run(tmp_path, body, replying(At(512)))


@pytest.mark.parametrize("command", ["hold", "detach"])
def test_a_cut_decoder_is_remembered(tmp_path: Path, command: str) -> None:
    async def body(instance: Instance, peer: Peer) -> None:
        decoder = Decoder(instance)
        assert await getattr(decoder, command)() == 512
        assert not decoder.cut
        peer.answer = replying(AtCut(512))
        assert await getattr(decoder, command)() == 512
        assert decoder.cut

    assert run(tmp_path, body, replying(At(512)))


def test_rings_go_along_in_their_order(tmp_path: Path) -> None:
    async def body(instance: Instance, peer: Peer) -> None:
        with Ring.create(FORMAT) as inp, Ring.create(FORMAT) as out, Checkpoints(64) as kept:
            decoder = Decoder(instance)
            began = await decoder.attach(
                out,
                3,
                skip_frames=7,
                take_frames=-1,
                drop_frames=8,
                silence_frames=9,
                gain=0.5,
                resampler=Resampler.QUICK,
                mix_lfe=True,
            )
            assert began == 512
            assert await decoder.attach(out, 3, skip_frames=7, take_frames=-1) == 512
            first = Dsp(instance).attach(
                inp,
                out,
                epoch=3,
                config_gen=2,
                wake_frames=1024,
                checkpoints=kept,
                checkpoint_frames=4096,
                replay_from=0,
            )
            assert await first == 512
            second = Dsp(instance).attach(
                inp,
                out,
                epoch=3,
                config_gen=2,
                wake_frames=1024,
                checkpoints=kept,
                checkpoint_frames=0,
                state_slot=1,
                replay_from=512,
                join=Join.RAMP,
                join_at=4096,
                join_frames=480,
                join_latency_frames=64,
            )
            assert await second == 512
            volume = 0.5
            sink = Sink(instance)
            assert (
                await sink.attach(
                    inp, 3, wake_frames=512, volume=volume, digest=True, silence_after_ms=9, finish_at=4096
                )
                == 512
            )
        number = instance.id
        assert peer.received[-5:] == [
            AttachDecode(number, 3, 9, 7, -1, 8, 0.5, Resampler.QUICK, mix_lfe=True),
            AttachDecode(number, 3, 0, 7, -1, 0, 1.0, Resampler.VERY_HIGH, mix_lfe=False),
            AttachDsp(number, 3, 2, 1024, 4096, -1, 0, Join.NONE, 0, 0, 0),
            AttachDsp(number, 3, 2, 1024, 0, 1, 512, Join.RAMP, 4096, 480, 64),
            AttachSink(number, 3, 512, volume, 0, True, 9, -1, 4096),
        ]
        assert peer.fds_seen == 9

    assert run(tmp_path, body, replying(At(512)))


def test_files_go_along_with_open(tmp_path: Path) -> None:
    async def body(instance: Instance, peer: Peer) -> None:
        fd = os.open("/dev/null", os.O_WRONLY)
        grants = FileGrants((FileGrant("out.wav", fd),))
        await Sink(instance).open({"path": "out.wav"}, 48000, 2, 0, grants)
        os.close(fd)
        sent = peer.received[-1]
        assert isinstance(sent, OpenSink)
        assert (sent.files, sent.target, peer.fds_seen) == (("out.wav",), b'{"path":"out.wav"}', 1)

    assert run(tmp_path, body, replying(Done()))


def test_targets_are_read_and_made_printable(tmp_path: Path) -> None:
    text = Payload(b'[{"id": "a", "name": "A\\u001b[2J", "default": true, "rate": 48000}, {"id": "b", "name": "B"}]')

    async def body(instance: Instance, peer: Peer) -> None:
        first, second = await Sink(instance).list_targets()
        assert (first.id, first.name, first.is_default) == ("a", "A\\x1b[2J", True)
        assert first.value["rate"] == 48000
        assert (second.id, second.is_default) == ("b", False)
        assert len(peer.received) == 3

    assert run(tmp_path, body, replying(Json(text)))


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b'[{"id": 1, "name": "x"}]', b'[{"id": "x"}]', b"[NaN]", b"\xff"])
def test_targets_that_are_none_are_refused_and_nobody_dies(tmp_path: Path, text: bytes) -> None:
    async def body(instance: Instance, _peer: Peer) -> None:
        with pytest.raises(ProtocolViolated, match=r"test\.dsp\.gain gain: list_targets"):
            await Sink(instance).list_targets()

    assert run(tmp_path, body, replying(Json(Payload(text))))


@pytest.mark.parametrize("text", [b"[]", b"null", b'{"title": Infinity}', b'{"title": "x"'])
def test_metadata_that_is_no_object_is_refused_and_nobody_dies(tmp_path: Path, text: bytes) -> None:
    async def body(instance: Instance, _peer: Peer) -> None:
        with pytest.raises(ProtocolViolated, match="metadata"):
            await Decoder(instance).metadata()

    assert run(tmp_path, body, replying(Json(Payload(text))))


LIES: dict[str, tuple[Message, Callable[[Instance], Awaitable[object]]]] = {
    "landed behind": (Landed(101, True), lambda instance: Decoder(instance).seek(100)),
    "landed before the start": (Landed(-1, True), lambda instance: Decoder(instance).seek(100)),
    "held nowhere": (At(-5), lambda instance: Dsp(instance).hold()),
    "held beyond all": (At(1 << 63), lambda instance: Dsp(instance).hold()),
    "no rate": (opened(rate=0), lambda instance: Decoder(instance).open(0, "a", "b")),
    "no channels": (opened(channels=0), lambda instance: Decoder(instance).open(0, "a", "b")),
    "negative length": (opened(frames=-1), lambda instance: Decoder(instance).open(0, "a", "b")),
    "negotiated nothing": (Negotiated(0, 2, 512, 1), lambda instance: Sink(instance).negotiate({}, 48000, 2)),
    "negotiated too much": (Negotiated(48000, 65, 512, 1), lambda instance: Sink(instance).negotiate({}, 48000, 2)),
}


@pytest.mark.parametrize(("lie", "call"), LIES.values(), ids=LIES)
def test_a_number_that_cannot_be_costs_the_worker_its_life(
    tmp_path: Path, lie: Message, call: Callable[[Instance], Awaitable[object]]
) -> None:
    async def body(instance: Instance, _peer: Peer) -> None:
        with pytest.raises(ProtocolViolated, match=r"test\.dsp\.gain: gain \(instance 1\)"):
            await call(instance)
        with pytest.raises(StellaError):
            await call(instance)

    assert not run(tmp_path, body, replying(lie))


def test_a_seek_says_where_it_landed(tmp_path: Path) -> None:
    async def body(instance: Instance, peer: Peer) -> None:
        assert await Decoder(instance).seek(100) == Landed(96, True)
        assert peer.received[-1] == SeekDecoder(instance.id, 100)

    assert run(tmp_path, body, replying(Landed(96, True)))
