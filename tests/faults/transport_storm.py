"""``./tools/faults transport``: commands from a second terminal while workers are killed at random.

What the host says of itself is what was asked for, and what its device is given are runs of the tracks and no more.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom

from host.errors import StellaError
from tests.faults.command import Command
from tests.faults.place import place
from tests.faults.transport_model import Model
from tests.faults.transport_rig import Killer, Rig, rig
from tests.faults.transport_steps import Steps
from tests.support.frames import make_frames
from tests.support.numbered_runs import heard_runs
from tests.support.waiting import until

__all__ = ["COMMAND", "TransportStorm", "transport_storm"]

RATE_HZ = 44_100
#: Longer than all of it takes. Its numbers are exact at a quarter of the volume, too.
TRACK_S = 360
_ENTRIES = 6
_PAUSE_S = 0.12
_MUSIC_WITHIN_S = 60.0
#: Looks at the place between two commands.
_LOOKS = 3
#: How often a command may be refused, of a hundred, because who is to do it dies at that moment.
_MOST_REFUSED = 10


@dataclass(slots=True)
class TransportStorm:
    """What came of it. ``kinds``: commands by kind; ``kills``: by stage; ``refused``: with the reason."""

    kinds: Counter[str] = field(default_factory=Counter)
    by_command: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    runs: int = 0
    jumps: int = 0
    may_jump: int = 0
    frames: int = 0
    plain_frames: int = 0
    wrong: list[str] = field(default_factory=list)

    def expect(self, true: bool, otherwise: str) -> None:
        """Notes what is not so."""
        if not true:
            self.wrong.append(otherwise)


def transport_storm(folder: Path, times: int, kills: int, random: Random) -> TransportStorm:
    """So many commands, and at least so many deaths meanwhile."""
    done = TransportStorm()
    heard = [folder / "heard-one", folder / "heard-two"]
    track = make_frames(folder / "track.frames", TRACK_S * RATE_HZ, RATE_HZ)
    with rig(folder, heard[0]) as made:
        model = Model()
        added = made.ask("queue.add", {"names": [str(track)] * _ENTRIES})
        model.ids = list(range(int(added["first"]), int(added["last"]) + 1))
        made.ask("queue.mode", {"repeat": "all"})
        steps = Steps(made, model, random, track, TRACK_S, heard)
        made.ask("transport.play", {})
        model.begin()
        steps.jumps += 1
        _goes_on(made, done, "the begin")
        killer = Killer(made.socket, Random(random.random()), _PAUSE_S)
        killer.start()
        try:
            for number in range(times):
                _one(made, model, steps, done, number)
                due = kills * (number + 1) / times
                while killer.is_alive() and killer.count < due and model.state == "playing":
                    _look(made, done, f"after command {number}")
                if done.wrong:
                    break
        finally:
            killer.stop()
        if model.state != "playing":
            made.ask("transport.play", {})
            model.begin()
            steps.jumps += 1
        _goes_on(made, done, "the end")
        done.expect(not killer.failure, f"the killer gave up: {killer.failure}")
        done.expect(100 * len(done.refused) <= _MOST_REFUSED * times, f"{len(done.refused)} commands were refused")
        done.wrong += [f"refused: {reason}" for reason in done.refused if "worker" not in reason]
        done.kills, done.by_command, done.may_jump = killer.kills, steps.commands, steps.jumps
    _listen(heard, done)
    return done


def _one(made: Rig, model: Model, steps: Steps, done: TransportStorm, number: int) -> None:
    """A command, and whether all that is said afterwards is so."""
    kind, asked = "", ""
    try:
        kind, asked = steps.one()
        done.kinds[kind] += 1
    except StellaError as error:
        asked = f"refused: {error}"
        done.refused.append(str(error))
    except AssertionError as error:
        done.wrong.append(f"command {number}: {error}")
        return
    queue = made.ask("queue.list", {})
    effects = [str(each["name"]) for each in made.ask("dsp.list", {})["effects"]]
    lies = model.lies(made.playback(), queue, effects)
    done.wrong += [f"after command {number} ({asked}): {lie}" for lie in lies]
    if model.state == "playing" and not lies:
        _goes_on(made, done, f"command {number} ({asked})")


def _place(made: Rig) -> tuple[int, float] | None:
    """Which play, and how far into it."""
    playback = made.playback()
    track = playback["track"]
    return None if track is None else (int(playback["play_id"]), float(track["done_s"]))


def _goes_on(made: Rig, done: TransportStorm, where: str) -> None:
    """Whether the music moves."""
    first: list[tuple[int, float]] = []

    def moved() -> bool:
        now = _place(made)
        if now is not None and (not first or now[0] != first[0][0]):
            first[:] = [now]
        return now is not None and now > first[0]

    done.expect(until(moved, _MUSIC_WITHIN_S), f"{where}: the music stands still at {first}: {made.playback()}")
    _look(made, done, where)


def _look(made: Rig, done: TransportStorm, where: str) -> None:
    """Whether the place only grows while nobody asks for another one."""
    before = _place(made)
    for _ in range(_LOOKS):
        time.sleep(0)
        now = _place(made)
        if now is not None and before is not None:
            done.expect(now >= before, f"{where}: it was at {before}, and then at {now}")
        before = now or before


def _listen(heard: list[Path], done: TransportStorm) -> None:
    for path in heard:
        samples = path.with_name(f"{path.name}.f32")
        if not samples.exists():
            continue
        found = heard_runs(samples, 2)
        done.runs += len(found.runs)
        done.jumps += len(found.jumps)
        done.frames += found.frames
        done.plain_frames += found.plain_frames
        for run in found.runs:
            done.expect(run.start >= 0 and run.end <= TRACK_S * RATE_HZ, f"{path.name}: {run} is in no track")
    done.expect(done.jumps <= done.may_jump, f"{done.jumps} jumps, and {done.may_jump} were asked for")
    done.expect(2 * done.plain_frames > done.frames, f"{done.plain_frames} frames of {done.frames} say who they are")


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=600, help="how many commands (600)")
    parser.add_argument("--kills", type=int, default=300, help="how many deaths among them (300)")
    parser.add_argument("--seed", type=int, help="of all that is chosen; chosen and told when not given")


def _run(options: Namespace) -> int:
    seed: int = options.seed if options.seed is not None else SystemRandom().getrandbits(32)
    print(f"transport: {options.times} commands with {options.kills} deaths, seed {seed}", flush=True)
    with place() as here:
        done = transport_storm(here.folder, options.times, options.kills, Random(seed))
    wrong = [*done.wrong, *here.left]
    print(f"{sum(done.kinds.values())} commands, {done.by_command} by a process of their own: {_counted(done.kinds)}")
    print(f"{sum(done.kills.values())} kills: {_counted(done.kills)}; {len(done.refused)} commands were refused")
    for each in sorted(set(done.refused)):
        print(f"  {each}")
    print(
        f"{done.runs} runs, {done.jumps} jumps of at most {done.may_jump}; {done.plain_frames} of {done.frames} frames"
    )
    for each in wrong:
        print(f"WRONG: {each}")
    print(f"{len(wrong)} wrong" if wrong else "the host told the truth, and the music went on")
    return 1 if wrong else 0


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {counts[name]}" for name in sorted(counts))


COMMAND = Command("transport", "commands from outside while workers are killed", _add_arguments, _run)
