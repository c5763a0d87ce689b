"""Another output for what plays. Belongs to the event loop's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from abi.kinds import CapabilityKind
from host.app.wiring import files_to_write, output
from host.errors import NotRunning
from host.jsontext import JsonObject
from host.packages import Discovery, find_capability
from host.playback import Output, Retargeted, create_target_files, with_files
from host.settings import Settings

__all__ = ["OutputCommands", "Retargetable"]


class Retargetable(Protocol):
    """The player, as far as it is needed here."""

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that are played."""

    @property
    def running(self) -> object | None:
        """What plays at this moment; None: nothing does."""

    async def retarget(self, output: Output, /) -> Retargeted:
        """Goes on into that, and owns its files whatever comes of it."""

    def seconds_until(self, position: int, /) -> float | None:
        """How long it takes until a position is heard."""


class OutputCommands:
    """Of one host. ``player`` gives the player that runs now, if one does."""

    def __init__(
        self,
        discovery: Discovery,
        settings: Settings,
        player: Callable[[], Retargetable | None],
        at_rest: Callable[[Output], None] | None = None,
    ) -> None:
        """``at_rest``: takes the output of the next playback, for a host that plays a queue."""
        self._discovery = discovery
        self._settings = settings
        self._player = player
        self._at_rest = at_rest

    def _set_at_rest(self, wished: Output) -> JsonObject:
        if self._at_rest is None:
            raise NotRunning("nothing plays", remedy="stellatune play FILE")
        self._at_rest(wished)
        nobody: JsonObject = {"old": None, "position": None, "frames_lost": 0, "generation": None, "pid": None}
        return {**nobody, "new": wished.stage.type_id, "target": wished.target}

    async def set(self, type_name: str, target: str | None) -> JsonObject:
        """What plays goes on into the output of that name; a file that was written is complete then.

        Raises:
            NotRunning: nothing plays. OutputError: it is done, but the old file could not be put in place.
            StellaError: it cannot be had; what plays goes on as before.
        """
        player = self._player()
        plugins = self._discovery.plugins
        wished = output(type_name, target, None, plugins, self._settings.plugins)
        if player is None or (player.running is None and self._at_rest is not None):
            return self._set_at_rest(wished)
        plugin, capability = find_capability(type_name, CapabilityKind.OUTPUT_SINK, plugins)
        open_s = self._settings.limits.open_ms / 1000
        stage = await with_files(wished.stage, CapabilityKind.OUTPUT_SINK, plugin, open_s)
        try:
            written = await create_target_files(files_to_write(capability, wished.target), player.sources)
        except BaseException:
            stage.files.close()
            raise
        done = await player.retarget(replace(wished, stage=stage, files=written.grants, written=written))
        return {
            "old": done.old_type,
            "new": done.new_type,
            "target": wished.target,
            "position": done.position,
            "frames_lost": 0,
            "generation": done.use.generation,
            "pid": done.use.pid,
        }
