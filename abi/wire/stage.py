"""Stages: joining an instance's lane to rings, and steering its pump. Positions are frames of the pipeline's clock."""

from __future__ import annotations

from enum import IntEnum

from abi.wire.instance import Done
from abi.wire.message import Event, Reply, Request, message

__all__ = [
    "AttachDecode",
    "AttachDsp",
    "AttachSink",
    "At",
    "CutDigest",
    "DetachStage",
    "DigestReady",
    "FinishStage",
    "HoldStage",
    "ReleaseStage",
    "SetVolume",
    "StageStopped",
    "StopReason",
]


class StopReason(IntEnum):
    """Why a pump came back to its lane for good; numbers of ``st_stop_reason`` in plugin_worker/csrc/pump.h."""

    END_OF_STREAM = 2  # decode: the source is at its end; position = frames published
    FINISHED = 3  # sink: the end was reached and played out; decode: latency and grid are padded
    PLUGIN_ERROR = 4  # the plugin said no inside a call of the pump
    CONTRACT = 5  # the plugin lied: more frames than asked for, and the like
    RING = 6  # the peer's words are impossible


@message(40)
class At(Reply):
    """Where the stage stands: its output's write position, for a sink its input's read position."""

    position: int


@message(41)
class AttachDecode(Request[At]):
    """Descriptor 0: output ring. Starts to pump at its write position.

    First drops ``skip_frames`` of the source, then takes at most ``take_frames`` (negative: to the end); the rest
    counts as trimmed. Rate and channels are converted to the ring's.
    """

    instance: int
    epoch: int
    skip_frames: int
    take_frames: int


@message(42)
class AttachDsp(Request[At]):
    """Descriptors 0 and 1: input and output ring. ``wake_frames``: input to sleep for, at least one block."""

    instance: int
    epoch: int
    wake_frames: int


@message(43)
class AttachSink(Request[At]):
    """Descriptor 0: input ring.

    ``volume`` is a linear gain. ``digest``: sha256 of the words that enter the sink. ``silence_after_ms``: starved for
    so long, a running device gets silence; 0 never (a file waits).
    """

    instance: int
    epoch: int
    wake_frames: int
    volume: float
    digest: bool
    silence_after_ms: int


@message(44)
class HoldStage(Request[At]):
    """Stops at the next block boundary; the stage's words are the host's until release."""

    instance: int


@message(45)
class ReleaseStage(Request[Done]):
    """Goes on from where the words now stand."""

    instance: int
    epoch: int


@message(46)
class FinishStage(Request[Done]):
    """No more will come. Decode: pad with silence up to ``position``. Sink: stop exactly there, then play out."""

    instance: int
    position: int


@message(47)
class DetachStage(Request[At]):
    """Lets go of the rings at a block boundary; the instance lives on."""

    instance: int


@message(48)
class SetVolume(Request[Done]):
    """Ramps a sink's gain to ``volume`` within ``ramp_frames``."""

    instance: int
    volume: float
    ramp_frames: int


@message(49)
class CutDigest(Request[Done]):
    """A sink's digest ends at ``position``, a new one begins there."""

    instance: int
    position: int


@message(50)
class StageStopped(Event):
    """The pump returned for good; ``reason``: ``StopReason``, ``code``: the plugin's status code where it gave one."""

    instance: int
    epoch: int
    reason: int
    position: int
    code: int
    text: str


@message(51)
class DigestReady(Event):
    """sha256, as hex, of the float32 words of frames ``[start, end)`` that entered the sink."""

    instance: int
    start: int
    end: int
    sha256: str
