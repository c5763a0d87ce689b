"""Watches both books at once: what the host counts for a plugin, and what the kernel says of its process."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from host.ids import PluginId
from host.runtime.generation import GenerationState, Happening, Phase
from host.runtime.live import LiveGeneration

__all__ = ["Life", "has_ended", "witness"]


@dataclass(frozen=True)
class Sample:
    """The counts right after a step, and whether the process was there at that moment; ``at``: monotonic seconds."""

    happening: Happening
    state: GenerationState
    running: bool
    at: float


@dataclass
class Life:
    """All that happened to one generation, in order. Owns a descriptor of its process."""

    pid: int
    pidfd: int
    samples: list[Sample] = field(default_factory=list)

    def expect_orderly(self) -> None:
        """The process was there as long as anything was counted, and it ended after all was zero: never before."""
        held = [each for each in self.samples if not each.state.unused]
        assert len(held) > 2, "nothing was ever counted"
        assert all(each.running for each in held), held
        assert self.quiet.running, "it ended before it was asked to"
        last = self.samples[-1]
        assert (last.happening, last.state.phase, last.running) == (Happening.EXITED, Phase.RETIRED, False)
        between = self.samples[self.samples.index(self.quiet) : -1]
        assert all(each.state.quiet for each in between), "something began in a process that was asked to end"

    @property
    def quiet(self) -> Sample:
        """When the last count came to zero after the unload."""
        return next(each for each in self.samples if each.state.quiet)

    @property
    def took_s(self) -> float:
        """From the last count to the end of the process as the host learns of it."""
        return self.samples[-1].at - self.quiet.at


def has_ended(pidfd: int) -> bool:
    """Asks the kernel; never waits."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def witness(monkeypatch: pytest.MonkeyPatch, plugin_id: PluginId) -> Iterator[dict[int, Life]]:
    """The lives of a plugin, by generation, from the moment each has a process."""
    lives: dict[int, Life] = {}
    step = LiveGeneration.happened

    def happened(generation: LiveGeneration, happening: Happening) -> None:
        step(generation, happening)
        if generation.plugin_id != plugin_id or not generation.pid:
            return
        life = lives.get(generation.number)
        if life is None:
            life = lives[generation.number] = Life(generation.pid, os.pidfd_open(generation.pid))
        life.samples.append(Sample(happening, generation.state, not has_ended(life.pidfd), time.monotonic()))

    monkeypatch.setattr(LiveGeneration, "happened", happened)
    try:
        yield lives
    finally:
        for life in lives.values():
            os.close(life.pidfd)
