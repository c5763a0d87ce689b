"""Stages: joining an instance's lane to rings, and steering its pump. Positions are frames of the pipeline's clock."""

from __future__ import annotations

from enum import IntEnum

from abi.wire.instance import Done
from abi.wire.message import Event, Reply, Request, message

__all__ = [
    "AttachDecode",
    "AttachDsp",
    "AttachMix",
    "AttachSink",
    "At",
    "AtCut",
    "CutDigest",
    "DetachStage",
    "DigestReady",
    "Discarded",
    "FadeDsp",
    "FinishStage",
    "FlushSink",
    "HoldStage",
    "Join",
    "JoinMix",
    "LimitMix",
    "PrimeDecoder",
    "ReleaseStage",
    "Resampler",
    "ResetDsp",
    "ResetSink",
    "SetVolume",
    "StageStopped",
    "StopReason",
    "SwitchInput",
]


class StopReason(IntEnum):
    """Why a pump came back to its lane for good; numbers of ``st_stop_reason`` in plugin_worker/csrc/pump.h."""

    END_OF_STREAM = 2  # decode: the source is at its end; position = frames published
    FINISHED = 3  # sink: the end was reached and played out; decode: latency and grid are padded
    PLUGIN_ERROR = 4  # the plugin said no inside a call of the pump
    CONTRACT = 5  # the plugin lied: more frames than asked for, and the like
    RING = 6  # the peer's words are impossible
    CUT = 10  # decode: a command came while it waited for its stream; the decoder is of no use any more


class Join(IntEnum):
    """How a dsp that takes over goes on from what was heard last; numbers of ``st_join`` in plugin_worker/csrc."""

    NONE = 0  # as it is: the state is exact, or the stage is new
    SETTLE = 1  # the step between the last frame heard and the own signal dies away in a straight line
    RAMP = 2  # from the dry signal to the wet one
    FILL = 3  # as it is, and what the replay gives is kept in the output ring, which is new: its reader gets a past
    RISE = 4  # from silence to the wet signal: nothing is to be heard without this effect


class Resampler(IntEnum):
    """How carefully a rate is converted; numbers of ``st_quality`` in shm_audio/csrc/convert.h."""

    QUICK = 0  # cubic interpolation
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    VERY_HIGH = 4


@message(40)
class At(Reply):
    """Where the stage stands: its output's write position, for a sink its input's read position."""

    position: int


@message(67)
class AtCut(At):
    """As ``At``, of a decoder that was called out while it waited for its stream, and may have lost its place in it.

    It is of no use any more. What is in the ring is good; who goes on there is another one, opened anew.
    """


@message(41)
class AttachDecode(Request[At]):
    """Descriptor 0: output ring. Starts to pump at its write position.

    First writes ``silence_frames`` of the pipeline. Then drops ``skip_frames`` of the source and takes at most
    ``take_frames`` (negative: to the end); the rest counts as trimmed. Rate and channels are converted to the ring's;
    of what comes of that, the first ``drop_frames`` are thrown away: a converter that starts anew warms up on them. The
    rest is multiplied by ``gain``; exactly 1 changes no bit. ``resampler``: ``Resampler``. ``mix_lfe``: a ring without
    a low-frequency channel gets it in its fronts.
    """

    instance: int
    epoch: int
    silence_frames: int
    skip_frames: int
    take_frames: int
    drop_frames: int
    gain: float
    resampler: int
    mix_lfe: bool


@message(42)
class AttachDsp(Request[At]):
    """Descriptors 0 to 2: input ring, output ring, checkpoints. Pumps from the output's write position on.

    ``wake_frames``: input to sleep for, at least one block. ``checkpoint_frames``: so often the state is kept, at whole
    multiples of it (a multiple of the block; 0: never). ``state_slot``: the checkpoint to go on from (-1: none), of
    position ``replay_from``, this epoch and ``config_gen``. Before it pumps, the input from ``replay_from`` on is
    processed again, in whole blocks, and the output thrown away. ``join``: ``Join``, over ``join_frames``; where a ramp
    is to begin at ``join_at``, on the grid, the signal is dry until there, and the plugin sees nothing of it. The dry
    signal of a ramp is ``join_latency_frames`` late.
    """

    instance: int
    epoch: int
    config_gen: int
    wake_frames: int
    checkpoint_frames: int
    state_slot: int
    replay_from: int
    join: int
    join_at: int
    join_frames: int
    join_latency_frames: int


@message(43)
class AttachSink(Request[At]):
    """Descriptor 0: input ring.

    ``volume`` is a linear gain, reached from silence within the first ``fade_frames``. ``digest``: sha256 of the words
    that enter the sink. ``silence_after_ms``: starved for so long, a running device gets silence; 0 never (a file
    waits). ``cut_at`` and ``finish_at``: what ``CutDigest`` and ``FinishStage`` told the one before, which a successor
    does not run past; negative: nothing.
    """

    instance: int
    epoch: int
    wake_frames: int
    volume: float
    fade_frames: int
    digest: bool
    silence_after_ms: int
    cut_at: int
    finish_at: int


@message(44)
class HoldStage(Request[At]):
    """Stops at the next block boundary, a dsp after a last checkpoint; the words are the host's until release."""

    instance: int


@message(45)
class ReleaseStage(Request[Done]):
    """Goes on from where the words now stand."""

    instance: int
    epoch: int


@message(46)
class FinishStage(Request[Done]):
    """No more will come. Decode: pad with silence up to ``position``. Sink: stop exactly there, then play out.

    A mix: that of its rings which is about to be left ends there.
    """

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


@message(54)
class FlushSink(Request[Done]):
    """A sink that is held plays out, or hands on, all that it was given; its target stays open."""

    instance: int


@message(56)
class Discarded(Reply):
    """Frames that were taken, were not heard yet as far as the sink knows, and never will be."""

    frames: int


@message(55)
class ResetSink(Request[Discarded]):
    """A sink that is held throws away what it was given and has not played; the target stays open.

    A device stands still until it is released. The next frame to come has programme position ``next_frame``.
    """

    instance: int
    next_frame: int


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


@message(52)
class FadeDsp(Request[At]):
    """Ramps a dsp to its dry signal, ``latency_frames`` late, within ``frames``; says from where on it is fully dry.

    From there the plugin is not called any more, and no state is kept. The ramp begins when a join that is under way is
    over, and when so much of the input is kept. Asked again for the same, it says the same.
    """

    instance: int
    frames: int
    latency_frames: int


@message(58)
class PrimeDecoder(Request[Done]):
    """A decoder that is open and holds no ring reads its first block: once it is attached, it begins with that."""

    instance: int


@message(57)
class ResetDsp(Request[Done]):
    """A dsp that holds no rings forgets its past, as after create. A plugin that cannot says ``unsupported``."""

    instance: int


@message(53)
class SwitchInput(Request[Done]):
    """Descriptor 0: a ring that takes the input's place at position ``at``, where its reader stands already.

    The lane goes on at once, held or not: up to ``at`` it reads the ring that it has, from there on the new one, and
    nothing else of it changes. A dsp switches at a block boundary. ``wake_frames`` as in the attach.
    """

    instance: int
    at: int
    wake_frames: int


@message(64)
class AttachMix(Request[At]):
    """Descriptors 0 to 2: input ring, output ring, second ring (where ``join_at`` is not negative).

    For a dsp, which is a mix from then on. Passes the input on from the output's write position on, in whole blocks,
    none of which goes beyond ``limit`` (negative: there is none). Who takes over is told what ``JoinMix`` told the one
    before, and ``FinishStage`` (``first_end``; negative: nothing). ``wake_frames``: as a dsp has it.
    """

    instance: int
    epoch: int
    wake_frames: int
    limit: int
    join_at: int
    fade_frames: int
    first_end: int


@message(65)
class JoinMix(Request[Done]):
    """Descriptor 0: a ring whose reader stands at ``join_at``, where it begins to be heard.

    Within ``fade_frames`` from there the input goes and the other comes, at equal power: with x from 0 to 1 the gains
    are cos(x pi/2) and sin(x pi/2). Then that ring is the input. From now on ``limit`` holds.
    """

    instance: int
    join_at: int
    fade_frames: int
    limit: int


@message(66)
class LimitMix(Request[Done]):
    """A mix goes on up to ``limit`` (negative: without end)."""

    instance: int
    limit: int
