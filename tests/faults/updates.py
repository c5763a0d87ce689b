"""``./tools/faults updates``: configurations change again and again in a render, and workers die in between."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, cast

from host.cli.chain_options import DspOption
from host.errors import NotFound, NotRunning
from host.events import ConfigUpdated
from host.jsontext import Json, JsonObject
from tests.faults.assassin import Assassin
from tests.faults.command import Command
from tests.faults.hosted import Hosted, Programme, hosted
from tests.faults.place import place
from tests.faults.programmes import DECODER, EQUALIZER, music
from tests.faults.storm_trial import Storm, StormTrial
from tests.faults.update_steps import TUNED, update_steps
from tests.support.c_plugins import build_plugin

__all__ = ["COMMAND", "Updates", "updates"]

_KILL_PAUSE_S = 0.2
_OUTCOMES = ("applied", "recreated", "rejected", "failed")
_SHARE_OF_TUNED = 0.6
_TWO_AT_ONCE = 0.1


@dataclass(slots=True)
class Updates:
    """What came of it. ``outcomes``: how many of each; ``told``: the same, by the events."""

    storm: Storm
    asked: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def expect(self, true: bool, otherwise: str) -> None:
        """Notes what is not so."""
        if not true:
            self.wrong.append(otherwise)


class _Wishes:
    """Configurations that differ in words and mean the same, one after the other."""

    def __init__(self, marks: Path, random: Random) -> None:
        self.marks = marks
        self._random = random
        self._numbers = count(1)

    def tuned(self, how: str) -> tuple[str, JsonObject]:
        """With a tag that no other has."""
        tag = f"tag{next(self._numbers)}"
        return tag, {"marks": str(self.marks), "tag": tag, "how": how}

    def bands(self) -> JsonObject:
        """Bands of 0 dB: moved, or one more, or one less; each is a filter that changes nothing."""
        bands: list[Json] = [
            {
                "type": self._random.choice(["peaking", "low_shelf", "high_shelf"]),
                "freq_hz": self._random.randint(20, 20_000),
                "q": self._random.uniform(0.1, 5),
                "gain_db": 0,
            }
            for _ in range(self._random.randint(1, 4))
        ]
        return {"bands": bands}


async def updates(folder: Path, times: int, kills: int, random: Random, *, seconds: float) -> Updates:
    """``times`` updates, at least ``kills`` deaths among them; ``seconds``: of the music of one round."""
    marks = folder / "marks"
    plugins = [build_plugin("tuned", folder).folder]
    async with hosted(folder, plugins=plugins) as host:
        wishes = _Wishes(marks, random)
        programme = _with_effects(await music(host, folder, seconds), wishes)
        trial = StormTrial(host, folder, programme, "kill")
        await trial.calm(programme)
        done = Updates(trial.storm)
        assassin = Assassin(host.app.runtime, random, signal.SIGKILL, _KILL_PAUSE_S)

        def enough() -> bool:
            return done.asked >= times and len(host.witness.deaths) >= kills

        async def violence() -> None:
            killing = asyncio.create_task(assassin.strike(lambda: [] if enough() else [DECODER, EQUALIZER, TUNED]))
            try:
                await _ask(host, wishes, random, done, enough)
            finally:
                killing.cancel()
                await asyncio.wait([killing])

        with host.app.bus.subscribe(ConfigUpdated, capacity=100_000) as facts:
            await trial.rage(enough, violence)
            while (fact := facts.poll()) is not None:
                done.told[fact.status] += 1
    done.told.pop("requires_recreate", None)
    done.expect(done.told == done.outcomes, f"the events tell {dict(done.told)}, the answers {dict(done.outcomes)}")
    done.expect(sum(done.outcomes.values()) == done.asked, f"{done.asked} wishes have {dict(done.outcomes)}")
    done.wrong += trial.storm.wrong
    return done


def _with_effects(programme: Programme, wishes: _Wishes) -> Programme:
    _, config = wishes.tuned("recreate")
    effects = (DspOption("eq", "equalizer", wishes.bands()), DspOption("fx", "tuned", config))
    return Programme(programme.source, effects, (DECODER, EQUALIZER, TUNED))


async def _ask(host: Hosted, wishes: _Wishes, random: Random, done: Updates, enough: Callable[[], bool]) -> None:
    """One wish after the other, now and then two at once, as long as this round plays."""
    generations: dict[str, int] = {}
    while not enough():
        if host.app.configs.show()["stages"]:
            both = random.random() < _TWO_AT_ONCE
            await asyncio.gather(*(_one(host, wishes, random, done, generations) for _ in range(1 + both)))
        await asyncio.sleep(0)


async def _one(host: Hosted, wishes: _Wishes, random: Random, done: Updates, generations: dict[str, int]) -> None:
    how = random.choice(["apply", "recreate", "apply", "recreate", "reject"])
    tag, name, config = "", "eq", wishes.bands()
    if random.random() < _SHARE_OF_TUNED:
        name = "fx"
        tag, config = wishes.tuned(how)
    try:
        answer = await host.app.configs.update(name, config, merge=False)
    except (NotRunning, NotFound):
        return  # between two rounds
    (outcome,) = cast("list[dict[str, Any]]", answer["outcomes"])
    kind, config_gen = str(outcome["outcome"]), int(outcome["config_gen"])
    done.asked += 1
    done.outcomes[kind] += 1
    before = generations.get(name, 1)
    done.expect(config_gen >= before, f"{name}: config_gen {config_gen} after {before}")
    done.expect(not outcome["changed"] or config_gen > before, f"{name}: {kind}, and config_gen is still {config_gen}")
    generations[name] = config_gen
    if tag:
        taken = Counter(wishes.marks.read_text(encoding="utf-8").splitlines())
        done.expect(kind != "applied" or taken[f"apply {tag}"] == 1, f"{tag}: applied, and nobody took it")
        done.expect(kind != "recreated" or taken[f"create {tag}"] >= 1, f"{tag}: recreated, and nobody was made so")
        done.expect(kind != "rejected" or not (taken[f"apply {tag}"] or taken[f"create {tag}"]), f"{tag}: taken")


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=1000, help="how many updates (1000)")
    parser.add_argument("--kills", type=int, default=60, help="how many deaths among them (60)")
    parser.add_argument("--seed", type=int, help="of all that is chosen; chosen and told when not given")
    parser.add_argument("--seconds", type=float, default=300.0, help="of the music of one round (300)")


def _run(options: Namespace) -> int:
    seed: int = options.seed if options.seed is not None else SystemRandom().getrandbits(32)
    print(f"updates: {options.times} with {options.kills} deaths, seed {seed}", flush=True)
    with place() as here:
        work = updates(here.folder, options.times, options.kills, Random(seed), seconds=options.seconds)
        done = asyncio.run(work)
        folder = here.folder / "steps"
        folder.mkdir()
        steps = asyncio.run(update_steps(folder, options.times, options.kills, Random(seed), seconds=options.seconds))
    told = ", ".join(f"{name} {done.outcomes[name]}" for name in _OUTCOMES)
    print(f"{done.asked} wishes: {told}; each has one outcome, and one event tells it")
    print(f"{done.storm.rounds} rounds of {done.storm.frames} frames; sha256 {done.storm.sha256}")
    print(
        f"{steps.changed} changes of level and {steps.deaths} deaths in {steps.rounds} rounds: the largest step is "
        f"{steps.largest:.3f} of what the ramp allows"
    )
    wrong = [*done.wrong, *steps.wrong, *here.left]
    for each in wrong:
        print(f"WRONG: {each}")
    print(f"{len(wrong)} wrong" if wrong else "the same samples in every round")
    return 1 if wrong else 0


COMMAND = Command("updates", "configurations change in a render, and workers die", _add_arguments, _run)
