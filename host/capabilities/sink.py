"""An output as the host sees it: its targets, the format they take, and the end of the pipeline."""

from __future__ import annotations

from abi.wire import (
    AttachSink,
    CloseSink,
    CutDigest,
    FlushSink,
    ListTargets,
    Negotiated,
    NegotiateSink,
    OpenSink,
    ResetSink,
    SetVolume,
)
from host.capabilities.plugin_text import json_list, wrong_shape
from host.capabilities.stage import Stage, position_of, violation
from host.jsontext import Json, JsonObject
from host.printable import printable
from host.records import record
from host.runtime import MAX_LIST_BYTES, FileGrants, Instance, json_payload
from shm_audio import Ring

__all__ = ["Sink", "Target"]

_MAX_RATE_HZ = 768_000
_MAX_CHANNELS = 64
_NO_FILES = FileGrants()


@record
class Target:
    """Something a sink can play to. ``value`` is the whole object, which ``negotiate`` and ``open`` take."""

    id: str
    name: str
    is_default: bool
    value: JsonObject


class Sink(Stage):
    """Raises, in every call, what ``Instance.request`` raises."""

    def __init__(self, instance: Instance) -> None:
        self._limits = instance.limits
        super().__init__(instance, max(self._limits.first_write_ms, self._limits.write_ms))

    async def list_targets(self) -> tuple[Target, ...]:
        """What is there now.

        Raises:
            ProtocolViolated: the answer is no array of objects with id and name.
        """
        reply = await self.instance.request(ListTargets(self.instance.id), self._limits.negotiate_ms / 1000)
        return tuple(
            self._target(item) for item in json_list(self.instance, "list_targets", reply.text, MAX_LIST_BYTES)
        )

    async def negotiate(self, target: JsonObject, rate: int, channels: int) -> Negotiated:
        """Which format the target takes when this one is wished for.

        Raises:
            ProtocolViolated: the format it names is impossible.
        """
        message = NegotiateSink(self.instance.id, json_payload(target), rate, channels)
        agreed = await self.instance.request(message, self._limits.negotiate_ms / 1000)
        if not 0 < agreed.sample_rate_hz <= _MAX_RATE_HZ or not 0 < agreed.channels <= _MAX_CHANNELS:
            raise violation(
                self.instance, "negotiate", f"{agreed.sample_rate_hz} Hz with {agreed.channels} channels is impossible"
            )
        return agreed

    async def open(
        self, target: JsonObject, rate: int, channels: int, start_frame: int, files: FileGrants = _NO_FILES
    ) -> None:
        """Opens the target; ``start_frame`` is the position of the first frame to come. The files stay the caller's."""
        message = OpenSink(self.instance.id, json_payload(target), rate, channels, start_frame, files.values)
        await self.instance.request(message, self._limits.open_ms / 1000, files.fds)

    async def attach(
        self,
        inp: Ring,
        epoch: int,
        *,
        wake_frames: int,
        volume: float,
        digest: bool,
        silence_after_ms: int,
        fade_frames: int = 0,
        cut_at: int = -1,
        finish_at: int = -1,
    ) -> int:
        """Begins at the ring's read position, and says where that is.

        ``volume``: linear gain, reached from silence within ``fade_frames``. ``digest``: hash what enters the sink.
        ``silence_after_ms``: starved for so long, a running device gets silence; 0: it waits. ``cut_at``,
        ``finish_at``: where to cut the digest and to stop, where that is known already.
        """
        message = AttachSink(
            self.instance.id, epoch, wake_frames, volume, fade_frames, digest, silence_after_ms, cut_at, finish_at
        )
        reply = await self.instance.request(message, self._command_s, (inp.fd,))
        return position_of(self.instance, "attach", reply.position)

    async def set_volume(self, volume: float, ramp_frames: int) -> None:
        """Ramps the gain to ``volume``."""
        await self.instance.request(SetVolume(self.instance.id, volume, ramp_frames), self._command_s)

    async def cut_digest(self, position: int) -> None:
        """One digest ends at ``position``, the next begins there."""
        await self.instance.request(CutDigest(self.instance.id, position), self._command_s)

    async def flush(self, longest_s: float) -> None:
        """Plays out, or hands on, all that was given, while it is held. ``longest_s``: what that may take."""
        await self.instance.request(FlushSink(self.instance.id), self._limits.flush_ms / 1000 + longest_s)

    async def reset(self, next_frame: int) -> int:
        """Throws away, while it is held, what it was given and has not played; says how many frames that were.

        ``next_frame``: the position of the next one to come. A device stands still until it is released; it then begins
        with a head start, as it did at first.

        Raises:
            ProtocolViolated: the number is impossible.
        """
        reply = await self.instance.request(ResetSink(self.instance.id, next_frame), self._limits.flush_ms / 1000)
        return position_of(self.instance, "reset", reply.frames)

    async def close(self) -> None:
        """Closes the target; what was not played out before is lost."""
        await self.instance.request(CloseSink(self.instance.id), self._limits.open_ms / 1000)

    def _target(self, item: Json) -> Target:
        value = item if isinstance(item, dict) else {}
        target_id, name = value.get("id"), value.get("name")
        if not isinstance(target_id, str) or not isinstance(name, str):
            raise wrong_shape(self.instance, "list_targets", "a target is an object with id and name")
        return Target(target_id, printable(name), value.get("default") is True, value)
