"""What can be asked about the effects of the chain that plays, and done to it: names looked up, the player told.

Belongs to the event loop's thread. Results are JSON, as the control socket carries them. Places count from 1.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from abi.kinds import CapabilityKind
from host.app.idle_chain import IdleChain
from host.app.wiring import TAKEN_NAMES, free_name, stage
from host.errors import NotFound, NotRunning, Usage
from host.ids import is_effect_name
from host.jsontext import Json, JsonObject
from host.packages import Discovery
from host.playback import Edited, Effect, Player, StageSpec, with_files
from host.settings import SavedConfigs

__all__ = ["MAX_INSTANCES", "ChainCommands"]

#: Of one plugin in one worker: its status page has 64 lanes, and the first is the worker's own (ST_STATUS_LANES).
MAX_INSTANCES = 63


class ChainCommands:
    """Of one host. ``player`` gives the player that runs now, if one does; ``saved``: configurations of types.

    ``idle``: the chain of the next playback, for one that plays a queue; None: there is none but what plays.
    ``open_s``: how long opening files that a configuration names may take.
    """

    def __init__(
        self,
        discovery: Discovery,
        player: Callable[[], Player | None],
        saved: SavedConfigs,
        open_s: float,
        idle: IdleChain | None = None,
    ) -> None:
        self._discovery = discovery
        self._player = player
        self._saved = saved
        self._open_s = open_s
        self._idle = idle

    def effects(self) -> JsonObject:
        """All effects, in the order of the music. Raises: NotRunning."""
        return {"effects": self._rows()}

    async def add(
        self,
        type_name: str,
        name: str | None,
        config: JsonObject | None,
        *,
        at: int | None,
        before: str | None,
        after: str | None,
    ) -> JsonObject:
        """A new effect at a place, or beside another one; else behind all. Without a name it gets its type's.

        Raises:
            NotRunning, NotFound, Usage, ConfigRejected, and what making an effect raises: the chain is as before then.
        """
        if name is not None and not is_effect_name(name):
            raise Usage(f"the name {name!r} is none for an effect", remedy="use letters, digits, - and _")
        if name in TAKEN_NAMES:
            raise Usage(f"the name {name!r} is that of another stage", remedy="give it another: NAME=TYPE")
        names = self._names()
        index = _index(names, at, before, after)
        bare = stage("", CapabilityKind.DSP, type_name, config, self._discovery.plugins, self._saved)
        if self._used(bare) >= MAX_INSTANCES - 1:  # one place is to move in
            raise Usage(f"too many effects of {bare.plugin_id} in one chain", remedy="remove some")
        named = replace(bare, name=name or free_name(bare.type_id.rpartition(".")[2], set(names)))
        manifest = self._discovery.plugins[bare.plugin_id]
        spec = await with_files(named, CapabilityKind.DSP, manifest, self._open_s)
        with spec.files:  # the chain has its own
            player, idle = self._playing(), self._idle
            if player is not None:
                return self._done("add", await player.edits.add(spec, index))
            self._expect(idle).add(spec.closed(), index)
            return self._done_at_rest("add", named.name)

    async def remove(self, name: str) -> JsonObject:
        """The effect goes. Raises: NotRunning, NotFound."""
        player = self._playing()
        if player is not None:
            return self._done("remove", await player.edits.remove(name))
        self._expect(self._idle).remove(name)
        return self._done_at_rest("remove", name)

    async def move(self, name: str, to: int) -> JsonObject:
        """The effect goes to place ``to`` of the new order. Raises: NotRunning, NotFound, Usage."""
        names, player = self._names(), self._playing()
        index = _index(names, to, None, None)
        if index >= len(names):
            raise Usage(f"there is no place {to}", remedy=f"there are {len(names)} effects")
        if player is not None:
            return self._done("move", await player.edits.move(name, index))
        self._expect(self._idle).move(name, index)
        return self._done_at_rest("move", name)

    async def bypass(self, name: str, *, off: bool) -> JsonObject:
        """The effect is not heard until ``off`` is asked for. Raises: NotRunning, NotFound."""
        player = self._playing()
        if player is not None:
            edits = player.edits
            return self._done("bypass", await (edits.bring_in(name) if off else edits.leave_out(name)))
        idle = self._expect(self._idle)
        (idle.bring_in if off else idle.leave_out)(name)
        return self._done_at_rest("bypass", name)

    def _playing(self) -> Player | None:
        """Who plays now; None: nobody does, and the chain of the next playback is meant."""
        player = self._player()
        if player is not None and (player.running is not None or self._idle is None):
            return player
        return None

    def _expect(self, idle: IdleChain | None) -> IdleChain:
        if idle is None:
            raise NotRunning("nothing plays, so there is no chain", remedy="`stellatune play FILE` begins one")
        return idle

    def _names(self) -> list[str]:
        player = self._playing()
        effects = self._expect(self._idle).effects if player is None else player.effects()
        return [each.name for each in effects]

    def _used(self, spec: StageSpec) -> int:
        player = self._playing()
        effects = self._expect(self._idle).effects if player is None else player.effects()
        return sum(each.plugin_id == spec.plugin_id for each in effects)

    def _rows(self) -> list[Json]:
        player = self._playing()
        if player is not None:
            return [_facts(place, each) for place, each in enumerate(player.effects(), 1)]
        idle = self._expect(self._idle)
        return [
            _facts_at_rest(place, each, left_out=idle.is_left_out(each.name))
            for place, each in enumerate(idle.effects, 1)
        ]

    def _done(self, action: str, edited: Edited) -> JsonObject:
        return self._told(action, edited.name, edited.position, edited.shift_frames)

    def _done_at_rest(self, action: str, name: str) -> JsonObject:
        return self._told(action, name, None, 0)

    def _told(self, action: str, name: str, position: int | None, shift: int) -> JsonObject:
        rows: list[Json] = []
        with suppress(NotRunning):  # it ended in this very moment
            rows = self._rows()
        return {
            "action": action,
            "name": name,
            "position": position,
            "frames_lost": 0,
            "frames_repeated": max(0, shift),
            "frames_skipped": max(0, -shift),
            "effects": rows,
        }


def _index(names: list[str], at: int | None, before: str | None, after: str | None) -> int:
    if sum(each is not None for each in (at, before, after)) > 1:
        raise Usage("more than one place was named", remedy="say one of: at, before, after")
    beside = before if before is not None else after
    if beside is not None:
        if beside not in names:
            raise NotFound(f"no effect {beside!r} in the chain", remedy=f"there are: {', '.join(names) or 'none'}")
        return names.index(beside) + (after is not None)
    if at is not None and at > len(names) + 1:
        raise Usage(f"there is no place {at}", remedy=f"there are {len(names)} effects")
    return len(names) if at is None else at - 1


def _facts(place: int, effect: Effect) -> JsonObject:
    return {
        "place": place,
        "name": effect.name,
        "plugin": effect.plugin_id,
        "type": effect.type_id,
        "generation": effect.generation,
        "pid": effect.pid,
        "latency_frames": effect.latency_frames,
        "heard": effect.heard.value,
        "config": effect.config,
    }


def _facts_at_rest(place: int, spec: StageSpec, *, left_out: bool) -> JsonObject:
    return {
        "place": place,
        "name": spec.name,
        "plugin": spec.plugin_id,
        "type": spec.type_id,
        "generation": None,
        "pid": None,
        "latency_frames": None,
        "heard": "left_out" if left_out else "stopped",
        "config": spec.config,
    }
