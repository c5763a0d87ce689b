"""What a death means for whoever has to go on: does an error come from one, whose doing was it, is it tried again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from host.errors import LoadFailed, StellaError, Supervised, WorkerLost
from host.ids import PluginId
from host.playback.seat import RingsBroken, Seat
from host.supervise import Autopsy, Cause, Supervisor

__all__ = ["cause_of", "counted", "inside", "own_doing", "try_again"]

T = TypeVar("T")


async def try_again(
    supervisor: Supervisor, plugin_id: PluginId, attempt: Callable[[], Awaitable[T]], most_own_deaths: int
) -> T:
    """What ``attempt`` gives, at last.

    It is made again as often as the policy permits where somebody killed the worker from outside, less often where it
    died of its own doing.

    Raises:
        StellaError: of the last attempt; it leaves nothing behind.
    """
    own_deaths = 0
    while True:
        try:
            return await attempt()
        except StellaError as error:
            if not counted(error):
                raise
            own_deaths += own_doing(error)
            if own_deaths >= most_own_deaths or not await supervisor.permitted(plugin_id):
                raise


def counted(error: StellaError) -> bool:
    """Whether it comes from the death of a worker: the policy has counted that one, and is to be asked again."""
    return _death_behind(error) is not None and not isinstance(error, RingsBroken)


def own_doing(error: StellaError) -> bool:
    """Whether nobody from outside is known to have ended the worker: such a kill proves nothing against anybody."""
    death = _death_behind(error)
    return not isinstance(death, WorkerLost) or death.own_doing


def _death_behind(error: StellaError) -> Supervised | None:
    if isinstance(error, Supervised):
        return error
    cause = error.__cause__
    return cause if isinstance(error, LoadFailed) and isinstance(cause, Supervised) else None


def inside(death: Autopsy, call: str, seat: Seat) -> bool:
    """Whether a worker died of its own doing in the block call of this very seat; others may share the worker."""
    alone = not death.external and death.cause in (Cause.CRASH, Cause.EXIT, Cause.HANG)
    return alone and (death.call, death.instance) == (call, seat.instance.id)


def cause_of(death: Autopsy) -> str:
    """One death in words: ``crashed in process (SIGSEGV)``."""
    verb = {Cause.CRASH: "crashed", Cause.KILLED: "was killed", Cause.EXIT: "exited", Cause.HANG: "hung"}
    where = f" in {death.call}" if death.call else ""
    how = death.reason or death.how
    return f"{verb.get(death.cause, 'failed')}{where} ({how})"
