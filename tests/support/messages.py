"""One message of every type, with values that tell the fields apart."""

from __future__ import annotations

from abi import wire
from abi.wire import Message, Payload

__all__ = ["SAMPLES"]

_CAPABILITY = wire.CapabilityInfo(1, "flac", "FLAC", Payload(b"{}"), Payload(b"{}"), (wire.ExtScore("flac", 100),))

SAMPLES: tuple[Message, ...] = (
    wire.HelloReply(2, 6, 4711, (128, 40, 12288)),
    wire.Hello(2, 6, "stellatune.dsp.gain", "play"),
    wire.Pong(),
    wire.Ping(),
    wire.Failed(1, 3, "open", "no such file"),
    wire.ModuleInfo("stellatune.decoder.flac", "FLAC", "1.0.0", Payload(b"{}"), (_CAPABILITY,)),
    wire.LoadModule("/plugins/gain.so", "/plugins", False),
    wire.ShutdownDone(),
    wire.Shutdown(),
    wire.Done(),
    wire.InstanceCreated(64, 3, True),
    wire.CreateInstance(7, 2, "gain", Payload(b'{"gain_db":-3}'), 44100, 2, ("in.wav", "out.wav")),
    wire.DestroyInstance(7),
    wire.DecoderOpened(44100, 2, 1000, 44100, 528, 1105, 16, 7, True, False),
    wire.OpenDecoder(7, "/music/a.flac", "flac"),
    wire.Json(Payload(b'[{"id":"null"}]')),
    wire.ReadMetadata(7),
    wire.Landed(441000, True),
    wire.SeekDecoder(7, 2**40),
    wire.ListTargets(7),
    wire.Negotiated(48000, 2, 512, 2),
    wire.NegotiateSink(7, Payload(b'{"id":"null"}'), 44100, 6),
    wire.OpenSink(7, Payload(b'{"id":"null"}'), 48000, 2, 1024, ("out.wav",)),
    wire.CloseSink(7),
    wire.At(2**40),
    wire.AttachDecode(7, 3, 441, 576, -1, 147),
    wire.AttachDsp(7, 3, 2, 1024, 12288, -1, 2**40, wire.Join.SETTLE, 0, 480, 64),
    wire.AttachSink(7, 3, 1024, 0.5, True, 20, -1, 2**40),
    wire.HoldStage(7),
    wire.ReleaseStage(7, 4),
    wire.FinishStage(7, 2**40),
    wire.DetachStage(7),
    wire.SetVolume(7, 0.25, 441),
    wire.CutDigest(7, 2**40),
    wire.StageStopped(7, 3, 4, 2**40, 5, "it broke"),
    wire.DigestReady(7, 0, 2**40, "00" * 32),
    wire.FadeDsp(7, 441, 64),
    wire.SwitchInput(7, 2**40, 1024),
    wire.PluginLog(7, 3, "hello"),
    wire.PluginEvent(7, Payload(b'{"kind":"x"}')),
    wire.Dropped(2, 3),
)
