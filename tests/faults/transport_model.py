"""What a host has to say of itself after each command, by a model that knows nothing of its insides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Model"]


@dataclass(slots=True)
class Model:
    """State, queue and chain as they were asked for. Tracks are longer than all of it takes: none ends by itself."""

    ids: list[int] = field(default_factory=list)
    current: int | None = None
    state: str = "stopped"
    repeat: str = "all"
    volume_db: float = 0.0
    effects: list[str] = field(default_factory=list)

    def step(self, by: int) -> None:
        """To the next entry, or to the one before; behind the last one the music ends."""
        place = -1 if self.current is None else self.ids.index(self.current)
        if by > 0:
            if place + 1 < len(self.ids):
                self.current = self.ids[place + 1]
            else:
                self.current = self.ids[0] if self.repeat == "all" else None
            if self.current is None:
                self.state = "stopped"
        elif place > 0:
            self.current = self.ids[place - 1]
        elif self.repeat == "all" or self.current is None:
            self.current = self.ids[-1]

    def begin(self) -> None:
        """Plays; at rest from the first entry on."""
        self.state = "playing"
        self.current = self.ids[0] if self.current is None else self.current

    def lies(self, playback: dict[str, Any], queue: dict[str, Any], effects: list[str]) -> list[str]:
        """What the host says that is not so."""
        told = {
            "state": (playback["state"], self.state),
            "volume": (playback["volume_db"], round(self.volume_db, 2)),
            "entries": ([each["id"] for each in queue["entries"]], self.ids),
            "length": (playback["queue"]["length"], len(self.ids)),
            "repeat": (playback["queue"]["repeat"], self.repeat),
            "current": (playback["queue"]["current"], self.current),
            "effects": (effects, self.effects),
        }
        track = playback["track"]
        if track is not None and self.state != "stopped":
            told["track"] = (track["entry"], self.current)
        if self.state == "stopped":
            told["chain"] = ((track, playback["chain"]), (None, []))
        return [f"{name}: {said}, and it is {is_}" for name, (said, is_) in told.items() if said != is_]
