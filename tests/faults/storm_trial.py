"""One storm in one host: rounds of the same render until enough have died, each compared with the undisturbed run."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from host.events import StageMended, WorkerExited
from host.ids import PluginId
from host.jsontext import JsonObject
from host.playback import Grade, PlaybackResult
from tests.faults.assassin import Blow
from tests.faults.hosted import Hosted, Programme
from tests.faults.witness import Witness

__all__ = ["CAUSES", "Storm", "StormTrial"]

#: By how they die: what the kernel says of their end, and what the crash history does.
CAUSES = {
    "kill": ("SIGKILL", "killed"),
    "stop": ("SIGKILL", "hang"),
    "segv": ("SIGSEGV", "crash"),
    "exit": ("exit status 0", "exit"),
}
_ROUND_WITHIN_S = 600.0
_MOST_ROUNDS = 100


@dataclass(slots=True)
class Storm:
    """What came of it. ``wrong``: everything that was not as it must be."""

    parts: tuple[PluginId, ...]
    rounds: int = 0
    frames: int = 0
    sha256: str = ""
    deaths: dict[PluginId, int] = field(default_factory=dict)
    checkpoints: dict[PluginId, int] = field(default_factory=dict)
    commits: dict[PluginId, int] = field(default_factory=dict)
    detection: list[float] = field(default_factory=list)
    mending: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def expect(self, true: bool, otherwise: str) -> None:
        """Notes what is not so."""
        if not true:
            self.wrong.append(otherwise)


class StormTrial:
    """``how``: a key of ``CAUSES``."""

    def __init__(self, host: Hosted, folder: Path, programme: Programme, how: str) -> None:
        self.storm = Storm(programme.parts)
        self._host = host
        self._programme = programme
        self._how, self._cause = CAUSES[how]
        self._out = folder / "out.wav"

    async def calm(self, programme: Programme) -> None:
        """The undisturbed run."""
        result, self.storm.sha256 = await self._render(programme)
        self.storm.frames = result.frames
        self.storm.expect(result.frames > 0, "the undisturbed run gave no frames")
        self.storm.expect(not self._host.witness.deaths, "somebody died in the undisturbed run")

    async def rage(
        self, enough: Callable[[], bool], violence: Callable[[], Coroutine[None, None, None]] | None = None
    ) -> None:
        """Rounds until there was ``enough``, or something is wrong; ``violence`` runs beside each."""
        while not enough() and self.storm.rounds < _MOST_ROUNDS and not self.storm.wrong:
            self.storm.rounds += 1
            task = asyncio.create_task(violence()) if violence is not None else None
            try:
                result, sha256 = await self._render(self._programme)
            finally:
                if task is not None:
                    task.cancel()
                    await asyncio.wait((task,))
            self._compare(result, sha256)
        self.storm.expect(enough(), f"not enough of it in {self.storm.rounds} rounds")

    async def _render(self, programme: Programme) -> tuple[PlaybackResult, str]:
        async with asyncio.timeout(_ROUND_WITHIN_S):
            result = await self._host.render(programme, self._out)
        sha256 = await asyncio.to_thread(_sha256, self._out)
        self._out.unlink()
        return result, sha256

    def _compare(self, result: PlaybackResult, sha256: str) -> None:
        storm, where = self.storm, f"round {self.storm.rounds}"
        storm.expect(sha256 == storm.sha256, f"{where}: the samples differ from those of the undisturbed run")
        storm.expect(result.frames == storm.frames, f"{where}: {result.frames} frames, not {storm.frames}")
        storm.expect(not result.failed, f"{where}: {[str(each.failure) for each in result.failed]}")
        storm.expect(not result.faults, f"{where}: {[fault.message for fault in result.faults]}")
        for repair in result.repairs:
            storm.expect(repair.grade is Grade.ABSORBED, f"{where}: {repair}")
            storm.expect(repair.plugin_id in storm.parts, f"{where}: another took over: {repair}")

    def count(self, witness: Witness, least: int) -> None:
        """Deaths, by what the kernel said of each: at least so many of each part, of no other, all of this kind."""
        storm = self.storm
        storm.deaths = {part: witness.deaths_of(part) for part in storm.parts}
        for part, count in storm.deaths.items():
            storm.expect(count >= least, f"{part}: {count} deaths, of which at least {least} are wanted")
        for death in witness.deaths:
            right = death.how == self._how and death.plugin_id in storm.parts
            storm.expect(right, f"{death.plugin_id} ended by {death.how}: {death.reason}")

    def compare_history(self, rows: Sequence[JsonObject], witness: Witness) -> None:
        """One row on disk for each death; to be called after the host's end."""
        told = sorted(death.pid for death in witness.deaths)
        kept = sorted(row["pid"] for row in rows if isinstance(row["pid"], int))
        self.storm.expect(kept == told, f"{len(told)} deaths, and {len(kept)} rows in the crash history")
        others = {str(row["cause"]) for row in rows} - {self._cause}
        self.storm.expect(not others, f"causes in the crash history: {others}")

    def measure(self, blows: Sequence[Blow], witness: Witness) -> None:
        """How long each blow took to be known, and to be mended."""
        ends = {exit_.pid: at_s for at_s, exit_ in witness.times(WorkerExited)}
        pids = {(exit_.plugin_id, exit_.generation): exit_.pid for exit_ in witness.facts(WorkerExited)}
        mended = {pids.get((mend.plugin_id, mend.old_generation)): at_s for at_s, mend in witness.times(StageMended)}
        for blow in blows:
            self.storm.expect(blow.pid in ends, f"{blow.plugin_id} was struck, and nobody was told of its death")
            if blow.pid in ends:
                self.storm.detection.append(ends[blow.pid] - blow.at_s)
                if blow.pid in mended:
                    self.storm.mending.append(mended[blow.pid] - ends[blow.pid])


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
