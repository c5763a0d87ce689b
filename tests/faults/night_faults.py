"""The faults of a long night: signals from outside at the plugins that play, and an effect that ends itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from random import Random

from host.app import PlaybackSetup
from host.cli.chain_options import DspOption, OutputOption
from host.cli.wiring import stages, wire_output
from host.ids import PluginId
from host.jsontext import JsonObject
from tests.faults.assassin import Assassin
from tests.faults.hosted import Hosted
from tests.faults.programmes import EQUALIZER
from tests.support.faulty import Order, copy_id, copy_plugin

__all__ = ["FAULT_KINDS", "SINK", "NightFaults"]

SINK = PluginId("stellatune.sink.null")
_SIGNALS = {"kill": signal.SIGKILL, "segv": signal.SIGSEGV, "abort": signal.SIGABRT, "stop": signal.SIGSTOP}
#: ``stop``: and on again; ``exit``: by the effect itself.
FAULT_KINDS = (*_SIGNALS, "exit")
_STOPPED_S = 0.03
_SHARE_OF_SINKS = 0.02
#: So many blocks the effect lives that ends itself: some minutes of music.
_EXIT_CALLS = 20_000
_MOST_EXITS = 100_000
#: Filters that change nothing, each of them real work.
_FLAT: JsonObject = {"bands": [{"type": "peaking", "freq_hz": 900, "q": 1, "gain_db": 0}]}


class NightFaults:
    """Of one host. Its chain changes no sample, whoever is struck in it."""

    def __init__(self, host: Hosted, folder: Path, random: Random) -> None:
        self._host = host
        self._random = random
        marks = folder / "marks"
        marks.mkdir()
        self._order = Order("exit", "process", marks, at_call=_EXIT_CALLS, generations=_MOST_EXITS)
        runtime = host.app.runtime
        self._assassins = {kind: Assassin(runtime, random, number, 0.0) for kind, number in _SIGNALS.items()}
        self._stopped = 0
        self._ends: dict[int, tuple[PluginId, str]] = {}

    @staticmethod
    def plugins(folder: Path) -> tuple[Path, ...]:
        """What the host needs beside the shipped ones."""
        return (copy_plugin(folder / "ends-itself", number=1),)

    def setup(self) -> PlaybackSetup:
        """Through an equalizer and an effect that ends itself into nothing, which hashes."""
        plugins = self._host.app.discovery.plugins
        ends = f"{copy_id(1)}:fault"
        effects = (DspOption("eq", "equalizer", _FLAT), DspOption("ends", ends, self._order.config))
        output = wire_output(OutputOption("null", None), {"hash": True}, plugins)
        return PlaybackSetup(stages(effects, plugins), output)

    async def strike(self) -> bool:
        """Whether somebody was struck: whoever is chosen may have done nothing yet."""
        now = self._host.app.transport.now()
        if now is None:
            return False
        parts = (now.track.use.plugin_id, EQUALIZER)
        victim = SINK if self._random.random() < _SHARE_OF_SINKS else self._random.choice(parts)
        kind = self._random.choice(list(_SIGNALS))
        assassin = self._assassins[kind]
        if not assassin.finds(victim) or not assassin.blow(victim):
            return False
        if kind == "stop":
            pid = assassin.blows[-1].pid
            await asyncio.sleep(_STOPPED_S)
            self._stopped += _state_of(pid) == "T"
            os.kill(pid, signal.SIGCONT)
        return True

    def reap(self) -> int:
        """Takes what the witness has seen, lest that grows all night; says how many outputs had died."""
        deaths = self._host.witness.deaths
        self._ends |= {death.pid: (death.plugin_id, death.how) for death in deaths}
        self._host.witness.told.clear()
        return sum(death.plugin_id == SINK for death in deaths)

    @property
    def deaths(self) -> int:
        """All so far, whoever's."""
        return len(self._ends)

    def delivered(self) -> dict[str, int]:
        """How many of each kind took effect."""
        counts = {kind: len(assassin.blows) for kind, assassin in self._assassins.items()}
        return {**counts, "stop": self._stopped, "exit": self._exits()}

    def judge(self, expect: Callable[[bool, str], None]) -> None:
        """Each blow is a death that the kernel reports as such, and there are no others."""
        struck = 0
        for kind, assassin in self._assassins.items():
            if kind == "stop":
                expect(self._stopped == len(assassin.blows), f"{self._stopped} of {len(assassin.blows)} stood still")
                continue
            for blow in assassin.blows:
                _, how = self._ends.get(blow.pid, (blow.plugin_id, ""))
                expect(how == _SIGNALS[kind].name, f"{blow.plugin_id} was struck by {kind}: {how or 'nobody told'}")
                struck += bool(how)
        exits = self._exits()
        expect(self.deaths == struck + exits, f"{self.deaths} deaths of {struck} blows and {exits} exits")

    def _exits(self) -> int:
        return sum(1 for mark in self._order.marks.iterdir() if mark.name.startswith("fired-"))


def _state_of(pid: int) -> str:
    """The letter that the kernel has for it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
