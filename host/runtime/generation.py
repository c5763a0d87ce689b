"""What a generation may do next: a pure function of its state and of what happened.

Knows no process, no clock and no I/O. A generation is one load of one plugin in one worker process; that process is
asked to end only when the state is ``quiet``: draining, no live instance, no call in flight, no handle on it.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, unique

from host.records import record

__all__ = ["GenerationState", "Happening", "IllegalStep", "Phase", "START", "step"]


@unique
class Phase(Enum):
    """Where a generation stands. RETIRED and LOST are final: RETIRED ended as asked, LOST took something with it."""

    STARTING = "starting"
    ACTIVE = "active"
    DRAINING = "draining"
    RETIRED = "retired"
    LOST = "lost"


@unique
class Happening(Enum):
    """What can happen to a generation."""

    LOADED = "loaded"
    DRAIN = "drain"
    CALL_BEGAN = "call began"
    CALL_ENDED = "call ended"
    INSTANCE_BORN = "instance born"
    INSTANCE_GONE = "instance gone"
    HANDLE_TAKEN = "handle taken"
    HANDLE_DROPPED = "handle dropped"
    EXITED = "exited"


@record
class GenerationState:
    """``live``: instances in the worker; ``inflight``: calls under way; ``handles``: host objects that reach it."""

    phase: Phase
    live: int = 0
    inflight: int = 0
    handles: int = 0

    @property
    def over(self) -> bool:
        """The process is gone."""
        return self.phase in (Phase.RETIRED, Phase.LOST)

    @property
    def quiet(self) -> bool:
        """The process may be asked to end."""
        return self.phase is Phase.DRAINING and self.unused

    @property
    def unused(self) -> bool:
        """Nothing lives in it, runs in it or reaches it."""
        return self.live == 0 and self.inflight == 0 and self.handles == 0


START = GenerationState(Phase.STARTING)


class IllegalStep(Exception):
    """Something happened that cannot happen in this state: a mistake of the caller, never of a plugin."""


def step(state: GenerationState, happening: Happening) -> GenerationState:
    """The state after ``happening``.

    In a final phase counts only fall: their owners learn of the end at different times. Draining twice is one draining.

    Raises:
        IllegalStep: the event is impossible in ``state``.
    """
    match happening:
        case Happening.LOADED:
            _require(state.phase in (Phase.STARTING, Phase.DRAINING), state, happening)
            return replace(state, phase=Phase.ACTIVE) if state.phase is Phase.STARTING else state
        case Happening.DRAIN:
            return state if state.over else replace(state, phase=Phase.DRAINING)
        case Happening.EXITED:
            _require(not state.over, state, happening)
            return replace(state, phase=Phase.RETIRED if state.quiet else Phase.LOST)
        case Happening.CALL_BEGAN:
            _require(not state.over, state, happening)
            return replace(state, inflight=state.inflight + 1)
        case Happening.INSTANCE_BORN:
            # Born by a call that is still counted, so that a draining process cannot end in between.
            _require(not state.over and state.phase is not Phase.STARTING and state.inflight > 0, state, happening)
            return replace(state, live=state.live + 1)
        case Happening.HANDLE_TAKEN:
            _require(state.phase is Phase.ACTIVE and state.handles < state.live, state, happening)
            return replace(state, handles=state.handles + 1)
        case Happening.CALL_ENDED:
            _require(state.inflight > 0, state, happening)
            return replace(state, inflight=state.inflight - 1)
        case Happening.INSTANCE_GONE:
            _require(state.live > state.handles, state, happening)
            return replace(state, live=state.live - 1)
        case Happening.HANDLE_DROPPED:
            _require(state.handles > 0, state, happening)
            return replace(state, handles=state.handles - 1)


def _require(possible: bool, state: GenerationState, happening: Happening) -> None:
    if not possible:
        raise IllegalStep(f"{happening.value}: impossible in {state}")
