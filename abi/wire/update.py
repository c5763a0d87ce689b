"""Configuration updates of a live instance: it is asked how it would take one, then it takes it in place.

Where it wants to be made anew, the host creates another instance, which inherits the running state of the first.
"""

from __future__ import annotations

from enum import IntEnum

from abi.wire.message import Payload, Reply, Request, message

__all__ = [
    "Applied",
    "ApplyUpdate",
    "ExportState",
    "ImportState",
    "Inherited",
    "PlanUpdate",
    "Planned",
    "State",
    "StateForm",
]


class StateForm(IntEnum):
    """In which form an instance exports its state; numbers of ``st_state_form`` in plugin_worker/csrc/pump.h."""

    NONE = 0
    BLOB = 1
    JSON = 2


@message(70)
class Planned(Reply):
    """How it would be taken: ``ConfigUpdateMode`` and ``ConfigUpdateCost``; ``reason`` may be empty."""

    mode: int
    cost: int
    reason: str


@message(71)
class PlanUpdate(Request[Planned]):
    """Asks how a configuration would be taken, and changes nothing. Whoever has no such hook wants to be made anew."""

    instance: int
    config: Payload


@message(72)
class Applied(Reply):
    """It is in force for every frame from ``position`` of the pipeline's clock on; 0 for who joins no rings.

    An effect's state under it is in a checkpoint by then, where it keeps any.
    """

    position: int


@message(73)
class ApplyUpdate(Request[Applied]):
    """Takes a configuration in place, between two blocks. ``config_gen``: its number, which checkpoints then carry.

    ``files`` as in CreateInstance.
    """

    instance: int
    config: Payload
    config_gen: int
    files: tuple[str, ...]


@message(74)
class State(Reply):
    """A running state; ``form``: ``StateForm``. What has none that another could take over says NONE."""

    form: int
    data: Payload


@message(75)
class ExportState(Request[State]):
    """Asks for the running state, of a stage while it is held."""

    instance: int


@message(76)
class Inherited(Reply):
    """Whether a state was taken over; a plugin may refuse one that another configuration left, and says why."""

    taken: bool
    reason: str


@message(77)
class ImportState(Request[Inherited]):
    """For a fresh instance: the state of one that had another configuration.

    What it refuses changes nothing.
    """

    instance: int
    form: int
    data: Payload
