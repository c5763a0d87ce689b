"""Trying again what a worker's death has undone: as often as the policy permits where somebody killed it from outside,
less often where it died of its own doing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from host.errors import LoadFailed, StellaError, Supervised, WorkerLost
from host.ids import PluginId
from host.supervise import Supervisor

__all__ = ["died", "try_again"]

T = TypeVar("T")


async def try_again(
    supervisor: Supervisor, plugin_id: PluginId, attempt: Callable[[], Awaitable[T]], most_own_deaths: int
) -> T:
    """What ``attempt`` gives, at last.

    Raises:
        StellaError: of the last attempt; it leaves nothing behind.
    """
    own_deaths = 0
    while True:
        try:
            return await attempt()
        except StellaError as error:
            death = died(error)
            if death is None:
                raise
            own_deaths += not isinstance(death, WorkerLost) or death.own_doing
            if own_deaths >= most_own_deaths or not await supervisor.permitted(plugin_id):
                raise


def died(error: StellaError) -> Supervised | None:
    """The death of a worker that an error comes from, if it does."""
    if isinstance(error, Supervised):
        return error
    cause = error.__cause__
    return cause if isinstance(error, LoadFailed) and isinstance(cause, Supervised) else None
