"""A mix as the host sees it: a lane of our own code that joins two rings, lent by an instance of a dsp."""

from __future__ import annotations

from abi.wire import AttachMix, JoinMix, LimitMix
from host.capabilities.stage import Stage, position_of
from host.records import record
from host.runtime import Instance
from shm_audio import Ring

__all__ = ["Crossing", "Mix"]

NOWHERE = -1


@record
class Crossing:
    """A ring that is heard from ``at`` on, and nothing else ``fade_frames`` later.

    ``first_end``: where the other ring falls silent before that; None: it does not.
    """

    ring: Ring
    at: int
    fade_frames: int
    first_end: int | None = None

    @property
    def over_at(self) -> int:
        """From there on only that ring is heard."""
        return self.at + self.fade_frames


class Mix(Stage):
    """Raises, in every call, what ``Instance.request`` raises."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance, instance.limits.process_ms)

    async def attach(
        self, inp: Ring, out: Ring, *, epoch: int, wake_frames: int, limit: int | None, crossing: Crossing | None
    ) -> int:
        """Begins at the output's write position, and says where that is. No block goes beyond ``limit``."""
        first_end = None if crossing is None else crossing.first_end
        message = AttachMix(
            instance=self.instance.id,
            epoch=epoch,
            wake_frames=wake_frames,
            limit=NOWHERE if limit is None else limit,
            join_at=NOWHERE if crossing is None else crossing.at,
            fade_frames=0 if crossing is None else crossing.fade_frames,
            first_end=NOWHERE if first_end is None else first_end,
        )
        fds = (inp.fd, out.fd) if crossing is None else (inp.fd, out.fd, crossing.ring.fd)
        reply = await self.instance.request(message, self._command_s, fds)
        return position_of(self.instance, "attach", reply.position)

    async def join(self, crossing: Crossing, limit: int | None) -> None:
        """Another ring comes, whose reader stands where it begins; from now on ``limit`` holds."""
        message = JoinMix(self.instance.id, crossing.at, crossing.fade_frames, NOWHERE if limit is None else limit)
        await self.instance.request(message, self._command_s, (crossing.ring.fd,))

    async def limit(self, limit: int | None) -> None:
        """Goes on up to there; None: without end. When it answers, it reads no ring any more that has faded out."""
        await self.instance.request(LimitMix(self.instance.id, NOWHERE if limit is None else limit), self._command_s)
