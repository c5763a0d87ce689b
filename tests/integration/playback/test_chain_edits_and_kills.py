"""Random changes of the chain while workers are killed: each has one outcome, and all but declared places is exact."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest

from host.events import StageMended
from host.playback import Heard
from host.settings import PipelineSizes
from tests.integration.playback.edited_chain import (
    BLOCK,
    LAST_WORDS_FRAMES,
    RAMP_FRAMES,
    Playing,
    State,
    effect,
    playing,
)
from tests.support.capture import Capture

EDITS = 30
SIZES = PipelineSizes(decode_ahead_ms=1000, ring_ahead_ms=500)
#: A fade, and what settles when its worker dies over it, again and again.
SEAM_FRAMES = 6 * (RAMP_FRAMES + BLOCK)
MOST_EFFECTS = 4
#: Within a span that was declared.
MOST_CHANGES_UNHEARD = 8
#: About as long as a change takes.
MOST_S_TO_A_KILL = 0.3


class Wish:
    """The chain as it was asked for, and what it sounds like after each change."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._made = 0
        self.chain: list[tuple[str, float, bool]] = [("e0", 0.5, True)]
        self.states = [self.state]

    @property
    def state(self) -> State:
        return State(float(np.prod([factor for _, factor, heard in self.chain if heard])))

    async def change(self, play: Playing) -> None:
        """One random change, as wished for and as done."""
        ways = [self._bypass, self._remove, self._move] if self.chain else []
        if len(self.chain) < MOST_EFFECTS:
            ways += [self._add] * 2
        await self._random.choice(ways)(play)

    def _changed(self) -> None:
        if self.state != self.states[-1]:
            self.states.append(self.state)

    def _pick(self) -> int:
        return self._random.randrange(len(self.chain))

    async def _add(self, play: Playing) -> None:
        self._made += 1
        wanted = [0.5, 0.25] if self.state.factor > 1 else [2.0, 4.0]
        name, factor, place = f"e{self._made}", self._random.choice(wanted), self._random.randint(0, len(self.chain))
        await play.edits.add(play.spec(effect(name, factor)), place)
        self.chain.insert(place, (name, factor, True))
        self._changed()

    async def _remove(self, play: Playing) -> None:
        name, *_ = self.chain.pop(self._pick())
        await play.edits.remove(name)
        self._changed()

    async def _bypass(self, play: Playing) -> None:
        index = self._pick()
        name, factor, heard = self.chain[index]
        await (play.edits.leave_out(name) if heard else play.edits.bring_in(name))
        self.chain[index] = (name, factor, not heard)
        self._changed()

    async def _move(self, play: Playing) -> None:
        place, to = self._pick(), self._pick()
        moved = self.chain.pop(place)
        await play.edits.move(moved[0], to)
        if place != to:
            self._changed()  # it is not heard for a moment
        self.chain.insert(to, moved)
        self._changed()


def kill_somebody(play: Playing, random: Random) -> int:
    """The worker of the decoder, of an effect or of a dry stage; says how many died."""
    now = play.player.now()
    if now is None:
        return 0
    *uses, _ = now.stages
    victim = random.choice([now.track.use, *uses])
    play.app.runtime.supervisor.reset(victim.plugin_id, None)
    try:
        os.kill(victim.pid, signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def expect_all_but(heard: Capture, states: Sequence[State], declared: Sequence[tuple[int, int]]) -> None:
    """The states in order, each to the bit, but for short seams and the spans that were declared.

    Of two changes that follow each other at once, as a move is, the state between may not come to be heard.
    """
    assert (heard.lost, heard.doubled, heard.restarts) == ((), (), ())
    samples = heard.samples().reshape(-1, heard.channels)[: heard.frames - LAST_WORDS_FRAMES]
    found = samples[:, 0].astype(np.float64)
    numbers = np.arange(len(found), dtype=np.float64)
    factors = np.zeros(len(found))  # of each frame; 0: of none
    for factor in {state.factor for state in states}:
        factors[found == factor * numbers] = factor
    factors[0] = states[0].factor
    excused = np.zeros(len(found), bool)
    for first, last in declared:
        excused[first : last + 1 + SEAM_FRAMES] = True
    factors[excused] = 0  # who is missing there makes it sound like another state
    edges = [0, *(np.flatnonzero(np.diff(factors)) + 1), len(found)]
    possible, end, reached = {0}, 0, 0
    for start, stop in pairwise(edges):
        if factors[start] == 0 or stop - start < 2:  # a seam, or a frame in it that is equal by chance
            continue
        free = excused[max(0, end - 1) : start + 1].any()
        assert free or start - end <= SEAM_FRAMES, f"{start - end} frames from {end} on are of no state"
        following = {
            index
            for index, state in enumerate(states)
            if state.factor == factors[start]
            and any(0 <= index - before <= (MOST_CHANGES_UNHEARD if free else 2) for before in possible)
        }
        assert following, f"at {start} {factors[start]} follows states {sorted(possible)} of {states}"
        possible, end = following, stop
        reached = max(possible)
    assert end == len(found) or excused[end:].all()
    assert reached == len(states) - 1, f"only {reached + 1} of {len(states)} states were heard"


@pytest.mark.parametrize("seed", [1, 2])
def test_random_changes_and_kills(tmp_path: Path, seed: int) -> None:
    async def body() -> None:
        random, kills = Random(seed), 0
        wish = Wish(random)
        declared: list[tuple[int, int]] = []
        async with playing(tmp_path, effect("e0", 0.5), sizes=SIZES) as play:
            mended = play.app.bus.subscribe(StageMended, capacity=1000)
            for _ in range(EDITS):
                change = asyncio.create_task(wish.change(play))
                await asyncio.wait((change,), timeout=random.uniform(0, MOST_S_TO_A_KILL))
                kills += kill_somebody(play, random)
                await change
            effects = play.player.effects()
            assert [each.name for each in effects] == [name for name, _, _ in wish.chain]
            assert [each.heard is not Heard.LEFT_OUT for each in effects] == [heard for *_, heard in wish.chain]
            assert kills > EDITS // 2
            while Heard.MISSING in {each.heard for each in play.player.effects()}:
                await play.until_heard(BLOCK)
            for fact in iter(mended.poll, None):
                if fact.first is not None and fact.last is not None:
                    declared.append((fact.first, fact.last))
            mended.close()
        expect_all_but(play.heard(), wish.states, declared)

    asyncio.run(body())
