"""``./tools/faults paced``: deaths while a device plays, which puts silence in for each frame that comes late."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from random import Random, SystemRandom

from host.ids import PluginId
from host.settings import Limits, PipelineSizes
from tests.faults.assassin import Assassin
from tests.faults.command import Command
from tests.faults.hosted import Hosted, hosted
from tests.faults.measured import spread, table
from tests.faults.paced_trial import SINK, Heard, PacedTrial
from tests.faults.place import place
from tests.faults.programmes import RATE_HZ, music, ordered, ordered_plugins
from tests.support.c_plugins import build_plugin

__all__ = ["COMMAND", "paced"]

_LIMITS = Limits()
_SIZES = PipelineSizes()
_WORST_GAP_S = 0.5
#: From blow to blow. Nobody knows of a stopped decoder before the second that is decoded ahead is played.
_EVERY_S = {"kill": 1.3, "stop": 1.7}
#: Of a generation that ends itself, at most.
_LIFE_S = 2.4
_FIRST_S = 1.0
_LAST_S = 3.0
_JITTER_S = 0.6
#: What can be heard - the end of an output, the bypass of a stopped effect - strikes the same one only once in so many
#: blows: a sixth within a minute would be one too many for the supervisor.
_ROUND = 10
_LOOK_S = 0.005


async def paced(
    folder: Path,
    how: str,
    kills: int,
    random: Random,
    limits: Limits = _LIMITS,
    sizes: PipelineSizes = _SIZES,
    worst_gap_s: float = _WORST_GAP_S,
) -> Heard:
    """One playback of as many seconds as that takes."""
    plugins = (build_plugin("capture", folder).folder, *ordered_plugins(folder))
    async with hosted(folder, limits, sizes, plugins=plugins) as host:
        trial = PacedTrial(host, folder, bypass=how == "stop", worst_gap_s=worst_gap_s)
        perform = _from_outside if how in _EVERY_S else _by_order
        heard = await perform(host, trial, folder, how, kills, random)
    rows = len(host.history())
    heard.expect(rows == sum(heard.deaths.values()), f"{rows} rows in the crash history")
    return heard


async def _from_outside(host: Hosted, trial: PacedTrial, folder: Path, how: str, kills: int, random: Random) -> Heard:
    programme = await music(host, folder, _FIRST_S + kills * _EVERY_S[how] + _LAST_S)
    golden = await trial.golden(programme)
    assassin = Assassin(host.app.runtime, random, signal.SIGKILL if how == "kill" else signal.SIGSTOP, 0)

    async def violence() -> None:
        while not assassin.finds(SINK):
            await asyncio.sleep(_LOOK_S)
        clock = asyncio.get_running_loop().time
        began = clock()
        for index in range(kills):
            due = began + _FIRST_S + index * _EVERY_S[how] + random.uniform(0, _JITTER_S)
            await asyncio.sleep(max(0.0, due - clock()))
            victim = _victim(how, index, programme.parts, random)
            while not assassin.blow(victim):
                await asyncio.sleep(_LOOK_S)

    heard = await trial.perform(programme, golden, violence)
    trial.measure(heard, assassin.blows, host.witness)
    deaths = sum(heard.deaths.values())
    heard.expect(deaths == len(assassin.blows) == kills, f"{len(assassin.blows)} blows, {deaths} deaths, not {kills}")
    return heard


def _victim(how: str, index: int, parts: Sequence[PluginId], random: Random) -> PluginId:
    if how == "kill":
        return SINK if index % _ROUND == 5 else random.choice(parts)
    return {2: parts[1], 7: parts[2]}.get(index % _ROUND, parts[0])


async def _by_order(host: Hosted, trial: PacedTrial, folder: Path, how: str, kills: int, _: Random) -> Heard:
    each = -(-kills // 3)
    act = ordered(folder, how, each, int((_FIRST_S + _LIFE_S * (each + 1)) * RATE_HZ))
    golden = await trial.golden(act.calm)
    heard = await trial.perform(act.programme, golden)
    trial.measure(heard, (), host.witness)
    deaths = sum(heard.deaths.values())
    heard.expect(act.fired() == deaths == 3 * each, f"{act.fired()} strikes, {deaths} deaths, not {3 * each}")
    return heard


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--how", choices=("kill", "stop", "segv", "exit"), default="kill", help="how they die (kill)")
    parser.add_argument("--kills", type=int, default=60, help="how often (60); of ten, one strikes the output")
    parser.add_argument("--seed", type=int, help="of the moments; chosen and told when not given")


def _run(options: Namespace) -> int:
    seed: int = options.seed if options.seed is not None else SystemRandom().getrandbits(32)
    print(f"paced: {options.kills} x {options.how}, seed {seed}", flush=True)
    with place() as here:
        heard = asyncio.run(paced(here.folder, options.how, options.kills, Random(seed)))
    return _tell(heard, [*heard.wrong, *here.left])


def _tell(heard: Heard, wrong: list[str]) -> int:
    rows = [["stage", "deaths", "classes", "news of the death after", "successor at work after that"]]
    for part in heard.parts:
        grades = heard.grades.get(part, [])
        classes = " ".join(f"{grade}:{grades.count(grade)}" for grade in sorted(set(grades)))
        times = (spread(heard.detection.get(part, ())), spread(heard.mending.get(part, ())))
        rows.append([part, str(heard.deaths.get(part, 0)), classes or "-", *times])
    print(table(rows))
    print(f"{heard.frames} frames heard; {heard.lost} lost, {heard.doubled} twice")
    print(f"silence inserted where an output had died: {spread(heard.gaps)}")
    print(f"spans told to be without an effect: {heard.spans or 'none'}")
    for each in wrong:
        print(f"WRONG: {each}")
    print(f"{len(wrong)} wrong" if wrong else "what was heard is the undisturbed run, but for what was told")
    return 1 if wrong else 0


COMMAND = Command("paced", "deaths while a device plays, which must not be heard", _add_arguments, _run)
