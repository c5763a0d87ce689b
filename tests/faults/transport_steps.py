"""Commands from a second terminal, each with what it changes in the model; chosen by a seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random

from host.jsontext import JsonObject
from tests.faults.transport_model import Model
from tests.faults.transport_rig import Rig

__all__ = ["Steps"]

_VOLUMES = (100, 50, 25)
_BACK_S = 3.0
#: So near to it nobody knows on which side of it the host finds the music.
_NEAR_S = 1.0
_SHARE_OF_COMMANDS = 0.25
_PLUGINS = ("stellatune.fault", "stellatune.dsp.gain", "test.sink.capture")
_WORDS = {"transport.play": "resume", "transport.prev": "prev"}
_LEAST_ENTRIES = 4
_MOST_ENTRIES = 10
_MOST_EFFECTS = 3


class Steps:
    """``jumps``: how often the music was sent elsewhere so far, at most."""

    def __init__(self, rig: Rig, model: Model, random: Random, track: Path, track_s: float, heard: list[Path]) -> None:
        self.jumps = 0
        self.commands = 0
        self._rig = rig
        self._model = model
        self._random = random
        self._track = track
        self._track_s = track_s
        self._heard = heard
        self._numbers = count(1)
        self._kinds: dict[str, tuple[float, Callable[[], str]]] = {
            "pause": (3, self._pause),
            "resume": (3, self._resume),
            "toggle": (2, self._toggle),
            "stop": (0.7, self._stop),
            "seek": (6, self._seek),
            "next": (4, self._next),
            "previous": (3, self._previous),
            "goto": (2, self._goto),
            "volume": (3, self._volume),
            "add": (2, self._add),
            "remove": (2, self._remove),
            "move": (2, self._move),
            "mode": (2, self._mode),
            "effect": (3, self._effect),
            "bypass": (2, self._bypass),
            "restart": (3, self._restart),
            "output": (1.5, self._output),
        }

    def one(self) -> tuple[str, str]:
        """Chooses a kind and does it: which, and what was asked. Raises: StellaError: it was refused."""
        kinds = list(self._kinds)
        weights = [self._kinds[kind][0] for kind in kinds]
        kind = "resume" if self._must_resume() else self._random.choices(kinds, weights)[0]
        return kind, self._kinds[kind][1]()

    def _must_resume(self) -> bool:
        """Silence is no test: whatever stands goes on soon."""
        return self._model.state != "playing" and self._random.random() < 0.5

    def _transport(self, verb: str, arguments: JsonObject, *words: str) -> str:
        """By the socket, or now and then by the command."""
        if self._random.random() < _SHARE_OF_COMMANDS:
            self.commands += 1
            name = _WORDS.get(verb, verb.removeprefix("transport."))
            code, err = self._rig.call(name, *words)
            assert code == 0, err
        else:
            self._rig.ask(verb, arguments)
        return f"{verb} {arguments}"

    def _pause(self) -> str:
        asked = self._transport("transport.pause", {})
        self._model.state = "paused" if self._model.state == "playing" else self._model.state
        return asked

    def _resume(self) -> str:
        self.jumps += self._model.state == "stopped"
        asked = self._transport("transport.play", {})
        self._model.begin()
        return asked

    def _toggle(self) -> str:
        return self._pause() if self._model.state == "playing" else self._resume()

    def _stop(self) -> str:
        asked = self._transport("transport.stop", {})
        self._model.state = "stopped"
        return asked

    def _seek(self) -> str:
        if self._model.state == "stopped":
            return self._resume()
        self.jumps += 1
        to_s = round(self._random.uniform(0, self._track_s / 2), 3)
        way = self._random.choice(["to", "percent", "by"])
        if way == "by":
            by_s = self._random.choice([-20, 10, 30])
            return self._transport("transport.seek", {"by": by_s}, f"{by_s:+}")
        if way == "percent":
            percent = round(100 * to_s / self._track_s, 1)
            asked = self._transport("transport.seek", {"percent": percent}, f"{percent}%")
            to_s = percent * self._track_s / 100
        else:
            asked = self._transport("transport.seek", {"to": to_s}, f"{to_s}")
        done_s = float(self._rig.playback()["track"]["done_s"])
        assert to_s - 0.002 <= done_s <= to_s + 60, f"{asked}: it is at {done_s}"
        return asked

    def _next(self) -> str:
        self.jumps += 1
        asked = self._transport("transport.next", {})
        self._model.step(1)
        return asked

    def _previous(self) -> str:
        self.jumps += 1
        playback = self._rig.playback()
        track = playback["track"]
        done_s = float(track["done_s"]) if track else 0.0
        if self._model.state != "stopped" and abs(done_s - _BACK_S) < _NEAR_S:
            return self._next()
        asked = self._transport("transport.prev", {})
        if self._model.state == "stopped" or done_s < _BACK_S:
            self._model.step(-1)
        return asked

    def _goto(self) -> str:
        self.jumps += 1
        entry = self._random.choice(self._model.ids)
        self._rig.ask("transport.goto", {"id": entry})
        self._model.current, self._model.state = entry, "playing"
        return f"goto {entry}"

    def _volume(self) -> str:
        percent = self._random.choice(_VOLUMES)
        asked = self._transport("transport.volume", {"percent": percent}, f"{percent}%")
        self._model.volume_db = 20 * math.log10(percent / 100)
        return asked

    def _add(self) -> str:
        model = self._model
        if len(model.ids) >= _MOST_ENTRIES:
            return self._remove()
        comes_next = model.current is not None and self._random.random() < 0.5
        done = self._rig.ask("queue.add", {"names": [str(self._track)], "next": comes_next})
        while not done["done"]:
            done = self._rig.ask("queue.adding", {"job": done["job"]})
        place = model.ids.index(model.current) + 1 if comes_next and model.current is not None else len(model.ids)
        model.ids.insert(place, int(done["first"]))
        return f"add, next {comes_next}"

    def _remove(self) -> str:
        others = [each for each in self._model.ids if each != self._model.current]
        if len(self._model.ids) <= _LEAST_ENTRIES:
            return self._add()
        entry = self._random.choice(others)
        self._rig.ask("queue.remove", {"ids": [entry]})
        self._model.ids.remove(entry)
        return f"remove {entry}"

    def _move(self) -> str:
        ids = self._model.ids
        entry, place = self._random.choice(ids), self._random.randint(1, len(ids))
        self._rig.ask("queue.move", {"ids": [entry], "to": place})
        ids.remove(entry)
        ids.insert(place - 1, entry)
        return f"move {entry} to {place}"

    def _mode(self) -> str:
        repeat = self._random.choice(["off", "one", "all"])
        self._rig.ask("queue.mode", {"repeat": repeat})
        self._model.repeat = repeat
        return f"repeat {repeat}"

    def _effect(self) -> str:
        if self._model.state == "paused":
            return self._resume()  # a change is made as the music flows
        effects = self._model.effects
        if effects and (len(effects) >= _MOST_EFFECTS or self._random.random() < 0.5):
            name = self._random.choice(effects)
            self._rig.ask("dsp.remove", {"name": name})
            effects.remove(name)
            return f"remove {name}"
        name, place = f"fx{next(self._numbers)}", self._random.randint(1, len(effects) + 1)
        self._rig.ask("dsp.add", {"type": "gain", "name": name, "config": {"gain_db": 0}, "at": place})
        effects.insert(place - 1, name)
        return f"add {name} at {place}"

    def _bypass(self) -> str:
        if self._model.state == "paused" or not self._model.effects:
            return self._effect()
        name, off = self._random.choice(self._model.effects), self._random.random() < 0.5
        self._rig.ask("dsp.bypass", {"name": name, "off": off})
        return f"bypass {name}, off {off}"

    def _restart(self) -> str:
        plugin = self._random.choice(_PLUGINS)
        self._rig.ask("plugins.restart", {"id": plugin})
        return f"restart {plugin}"

    def _output(self) -> str:
        self.jumps += 1
        target = self._random.choice(self._heard)
        self._rig.ask("outputs.set", {"type": "capture", "target": str(target)})
        return f"output {target.name}"
