"""The effects that the next playback goes through, changed while nothing plays: nothing is started for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from host.app.playback_setup import PlaybackSetup
from host.errors import NotFound, Usage
from host.playback import StageSpec

__all__ = ["IdleChain"]


class IdleChain:
    """Of one host. ``setup`` and ``keep``: what the next playback goes through, and how another one is put there."""

    def __init__(self, setup: Callable[[], PlaybackSetup], keep: Callable[[PlaybackSetup], None]) -> None:
        self._setup = setup
        self._keep = keep

    @property
    def effects(self) -> tuple[StageSpec, ...]:
        """In the order of the music."""
        return self._setup().effects

    def is_left_out(self, name: str) -> bool:
        """Whether somebody wants it so."""
        return name in self._setup().left_out

    def add(self, spec: StageSpec, index: int) -> None:
        """At this place. Raises: Usage: the name is taken."""
        if any(each.name == spec.name for each in self.effects):
            raise Usage(f"the name {spec.name!r} is taken", remedy="give it another: NAME=TYPE")
        self._keep_effects((*self.effects[:index], spec, *self.effects[index:]))

    def remove(self, name: str) -> None:
        """Raises: NotFound."""
        gone = self._find(name)
        self._keep_effects(tuple(each for each in self.effects if each is not gone))
        self.bring_in_if_there(name)

    def move(self, name: str, index: int) -> None:
        """To this place of the new order. Raises: NotFound."""
        moved = self._find(name)
        rest = tuple(each for each in self.effects if each is not moved)
        self._keep_effects((*rest[:index], moved, *rest[index:]))

    def leave_out(self, name: str) -> None:
        """It stays, and is not heard. Raises: NotFound."""
        self._find(name)
        setup = self._setup()
        self._keep(replace(setup, left_out=setup.left_out | {name}))

    def bring_in(self, name: str) -> None:
        """Undoes ``leave_out``. Raises: NotFound."""
        self._find(name)
        self.bring_in_if_there(name)

    def bring_in_if_there(self, name: str) -> None:
        """The same for a name that may be nobody's any more."""
        setup = self._setup()
        self._keep(replace(setup, left_out=setup.left_out - {name}))

    def _find(self, name: str) -> StageSpec:
        found = next((each for each in self.effects if each.name == name), None)
        if found is None:
            names = ", ".join(each.name for each in self.effects) or "none"
            raise NotFound(f"no effect {name!r} in the chain", remedy=f"there are: {names}")
        return found

    def _keep_effects(self, effects: tuple[StageSpec, ...]) -> None:
        self._keep(replace(self._setup(), effects=effects))
