"""What every stage of a pipeline can be told: hold, release, finish, detach. Positions are frames of its clock."""

from __future__ import annotations

from abi.wire import AtCut, DetachStage, FinishStage, HoldStage, ReleaseStage, SwitchInput
from host.errors import ProtocolViolated
from host.runtime import Instance
from shm_audio import Ring

__all__ = ["Stage", "position_of", "violation"]

#: A command reaches a lane when the call it is in has ended: the limit of that call, and this for the way.
_ON_THE_WAY_S = 0.5
_MAX_POSITION = 1 << 62


class Stage:
    """Holds an instance that works between rings. One call at a time."""

    #: A decoder that was called out while it waited for its stream: only another one, opened anew, can go on.
    cut = False

    def __init__(self, instance: Instance, longest_call_ms: int) -> None:
        self.instance = instance
        self._command_s = longest_call_ms / 1000 + _ON_THE_WAY_S

    async def hold(self) -> int:
        """Stops at the next block boundary and says where; the stage's words are the host's until release."""
        reply = await self.instance.request(HoldStage(self.instance.id), self._command_s)
        self.cut = self.cut or isinstance(reply, AtCut)
        return position_of(self.instance, "hold", reply.position)

    async def release(self, epoch: int) -> None:
        """Goes on from where the words now stand."""
        await self.instance.request(ReleaseStage(self.instance.id, epoch), self._command_s)

    async def finish(self, position: int) -> None:
        """No more will come. A decoder pads with silence up to ``position``; a sink stops exactly there."""
        await self.instance.request(FinishStage(self.instance.id, position), self._command_s)

    async def detach(self) -> int:
        """Lets go of the rings at a block boundary and says where; the instance lives on."""
        reply = await self.instance.request(DetachStage(self.instance.id), self._command_s)
        self.cut = self.cut or isinstance(reply, AtCut)
        return position_of(self.instance, "detach", reply.position)

    async def switch_input(self, ring: Ring, at: int, wake_frames: int) -> None:
        """From ``at`` on it reads that ring, whose reader stands there, and works on; for one that has an input."""
        await self.instance.request(SwitchInput(self.instance.id, at, wake_frames), self._command_s, (ring.fd,))

    async def destroy(self) -> None:
        """Ends the instance; twice is fine."""
        await self.instance.destroy()


def violation(instance: Instance, call: str, text: str) -> ProtocolViolated:
    """The error for a number that cannot be. Who tells one is not to be trusted with the rest: its worker is killed."""
    return instance.worker.condemn(f"{instance.type_id} (instance {instance.id}): {call}: {text}")


def position_of(instance: Instance, call: str, position: int) -> int:
    """A position that a worker told, once it is known to be one.

    Raises:
        ProtocolViolated: it is none; the worker is killed.
    """
    if not 0 <= position < _MAX_POSITION:
        raise violation(instance, call, f"position {position} is impossible")
    return position
