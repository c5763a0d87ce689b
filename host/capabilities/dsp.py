"""An effect as the host sees it: facts of its instance, and its place between two rings."""

from __future__ import annotations

from abi.wire import AttachDsp
from host.capabilities.stage import Stage, position_of
from host.runtime import Instance
from shm_audio import Ring

__all__ = ["Dsp"]


class Dsp(Stage):
    """Raises, in every call, what ``Instance.request`` raises."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance, max(instance.limits.process_ms, instance.limits.update_ms))

    @property
    def latency_frames(self) -> int:
        """By how much it delays the programme."""
        return self.instance.created.latency_frames

    @property
    def layouts(self) -> int:
        """``ST_LAYOUT_*`` bits of the channel layouts it takes."""
        return self.instance.created.layouts

    async def attach(self, inp: Ring, out: Ring, epoch: int, wake_frames: int) -> int:
        """Begins at the output ring's write position, and says where that is. Sleeps for ``wake_frames`` of input."""
        message = AttachDsp(self.instance.id, epoch, wake_frames)
        reply = await self.instance.request(message, self._command_s, (inp.fd, out.fd))
        return position_of(self.instance, "attach", reply.position)
