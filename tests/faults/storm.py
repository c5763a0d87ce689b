"""``./tools/faults storm``: workers die again and again while a file is rendered; what is written must not show it."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random, SystemRandom

from host.ids import PluginId
from tests.faults.ambush import CHECKPOINT, COMMIT, Ambushes
from tests.faults.assassin import Assassin
from tests.faults.command import Command
from tests.faults.hosted import hosted
from tests.faults.measured import spread, table
from tests.faults.place import place
from tests.faults.programmes import RATE_HZ, music, ordered, ordered_plugins
from tests.faults.storm_trial import CAUSES, Storm, StormTrial
from tests.support.failpoints import Failpoints, build_worker
from tests.support.patient import PATIENT

__all__ = ["COMMAND", "storm"]

#: The pulse is felt often: a stopped worker is known to be one after three missed beats.
_PULSE = replace(PATIENT, heartbeat_ms=100, heartbeat_misses=3)
_USUAL = {"kill": 200, "stop": 40, "segv": 200, "exit": 200}
#: The longest time between two blows.
_PAUSE_S = {"kill": 0.03, "stop": 0.3}


async def storm(
    folder: Path, how: str, kills: int, random: Random, *, seconds: float, failpoints: Failpoints | None = None
) -> Storm:
    """One storm; ``seconds``: of the music of one round. ``failpoints``: for deaths inside checkpoints and commits."""
    if how in _PAUSE_S:
        return await _from_outside(folder, how, kills, random, seconds, failpoints)
    return await _by_order(folder, how, kills, seconds)


async def _from_outside(
    folder: Path, how: str, kills: int, random: Random, seconds: float, failpoints: Failpoints | None
) -> Storm:
    path = failpoints.python_path if failpoints is not None else ""
    async with hosted(folder, _PULSE if how == "stop" else PATIENT, python_path=path) as host:
        trial = StormTrial(host, folder, programme := await music(host, folder, seconds), how)
        witness, parts, done = host.witness, programme.parts, trial.storm
        await trial.calm(programme)
        ambushes = Ambushes(())
        if failpoints is not None:
            commits = max(1, kills // 30)
            ambushes = Ambushes.lay(failpoints, random, parts[0], parts[1:], kills // 10, commits)
        number = signal.SIGKILL if how == "kill" else signal.SIGSTOP
        assassin = Assassin(host.app.runtime, random, number, _PAUSE_S[how])

        def wanted() -> list[PluginId]:
            ambushes.call_off()
            if len(witness.deaths) < kills:
                return list(parts)
            return [part for part in parts if witness.deaths_of(part) < kills // 4]

        def enough() -> bool:
            return not wanted() and ambushes.met()

        async def violence() -> None:
            while not enough():
                await assassin.strike(wanted)
                await asyncio.sleep(_PAUSE_S[how])  # only ambushes are left

        await trial.rage(enough, violence)
        trial.count(witness, kills // 4)
        trial.measure(assassin.blows, witness)
        done.checkpoints = {part: ambushes.inside(CHECKPOINT, part) for part in parts[1:]}
        done.commits = {part: ambushes.inside(("publish", *COMMIT), part) for part in parts}
    trial.compare_history(host.history(), witness)
    return done


async def _by_order(folder: Path, how: str, kills: int, seconds: float) -> Storm:
    each = -(-kills // 3)
    act = ordered(folder, how, each, int(seconds * RATE_HZ))
    async with hosted(folder, plugins=ordered_plugins(folder)) as host:
        trial = StormTrial(host, folder, act.programme, how)
        await trial.calm(act.calm)
        await trial.rage(lambda: act.fired() == 3 * each)
        trial.count(host.witness, each)
    rows = host.history()
    trial.compare_history(rows, host.witness)
    for row in rows:
        log = row["log"]
        marked = isinstance(log, list) and any(str(line).startswith(f"fault: {how} in {row['call']} ") for line in log)
        trial.storm.expect(marked, f"a death that nobody ordered, or elsewhere: {row}")
    return trial.storm


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--how", choices=tuple(CAUSES), default="kill", help="how they die (kill)")
    parser.add_argument("--kills", type=int, help="how often (200; stopped ones 40, as each takes its time)")
    parser.add_argument("--seed", type=int, help="of the moments; chosen and told when not given")
    parser.add_argument("--seconds", type=float, default=300.0, help="of the music of one round (300)")


def _run(options: Namespace) -> int:
    how: str = options.how
    kills: int = options.kills if options.kills is not None else _USUAL[how]
    seed: int = options.seed if options.seed is not None else SystemRandom().getrandbits(32)
    print(f"storm: {kills} x {how}, seed {seed}", flush=True)
    with place() as here, ExitStack() as stack:
        failpoints = None
        if how == "kill":
            built = here.folder / "worker"
            built.mkdir()
            failpoints = stack.enter_context(build_worker(built))
        work = storm(here.folder, how, kills, Random(seed), seconds=options.seconds, failpoints=failpoints)
        done = asyncio.run(work)
    return _tell(done, [*done.wrong, *here.left])


def _tell(done: Storm, wrong: list[str]) -> int:
    rows = [["stage", "deaths", "inside checkpoints", "around commits"]]
    for part in done.parts:
        rows.append([part, *(str(counts.get(part, "-")) for counts in (done.deaths, done.checkpoints, done.commits))])
    print(table(rows))
    print(f"{sum(done.deaths.values())} deaths in {done.rounds} rounds of {done.frames} frames; sha256 {done.sha256}")
    if done.detection:
        print(f"from the blow to the news of the death: {spread(done.detection)}")
        print(f"from there to the successor at work:    {spread(done.mending)}")
    for each in wrong:
        print(f"WRONG: {each}")
    print(f"{len(wrong)} wrong" if wrong else "the same samples in every round")
    return 1 if wrong else 0


COMMAND = Command("storm", "kills in a render, whose samples must not show it", _add_arguments, _run)
