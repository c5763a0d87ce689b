"""A wish for several stages: what was reached is told, whatever became of the chain meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from host.app.config_commands import ConfigCommands
from host.errors import NotFound
from host.ids import Generation, PluginId, TypeId
from host.jsontext import JsonObject
from host.playback import StageSpec
from host.runtime import Outcome, OutcomeKind

GAIN = PluginId("stellatune.dsp.gain")


class Chain:
    """Effects of one type, of which some have gone by the time that they are asked."""

    def __init__(self, *gone: str) -> None:
        self._gone = gone

    def specs(self) -> Sequence[StageSpec]:
        return [StageSpec(name, GAIN, TypeId("gain"), {}, 1) for name in ("a", "b", "c")]

    def schema(self, name: str, /) -> JsonObject:
        raise AssertionError(name)

    def seconds_until(self, position: int, /) -> float | None:
        raise AssertionError(position)

    async def update(self, name: str, config: JsonObject, /, *, merge: bool) -> Outcome:  # noqa: ARG002
        if name in self._gone:
            raise NotFound(f"no effect is called {name!r}", remedy="")
        return Outcome(OutcomeKind.APPLIED, 2, Generation(1), config=config)


def outcomes(chain: Chain) -> list[tuple[str, str]]:
    async def nothing() -> None:
        return

    asked = ConfigCommands(lambda: chain, lambda: (), nothing).update("gain", {"gain_db": -3}, merge=True)
    rows = cast("list[JsonObject]", asyncio.run(asked)["outcomes"])
    return [(str(row["name"]), str(row["outcome"])) for row in rows]


def test_a_stage_that_went_meanwhile_does_not_take_the_outcomes_of_the_others_along() -> None:
    assert outcomes(Chain()) == [("a", "applied"), ("b", "applied"), ("c", "applied")]
    assert outcomes(Chain("b")) == [("a", "applied"), ("c", "applied")]
    assert outcomes(Chain("a", "b")) == [("c", "applied")]


def test_where_none_is_left_that_is_the_answer() -> None:
    with pytest.raises(NotFound, match="'c'"):
        outcomes(Chain("a", "b", "c"))
