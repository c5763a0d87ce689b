"""A device that is away: how often it is asked for, what is told, who plays meanwhile, and who does not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from host.errors import OutputError, PluginDisabled, RequestTimeout, StellaError, WorkerLost
from host.events import EventBus, OutputBack, OutputLost, StageMended, Subscription, Topic
from host.ids import Generation, PluginId, TypeId
from host.playback.absence import Absence
from host.playback.graph import Pipeline
from host.playback.output import Output
from host.playback.output_care import OutputCare
from host.playback.repair_log import RepairLog
from host.playback.sink_seat import SinkSeat
from host.playback.stage_spec import StageSpec
from host.playback.stage_use import StageUse
from host.supervise import Autopsy, Cause, Supervisor

#: Taken before; so many of them had not been heard.
POSITION, QUEUED = 48_000, 4_800
NULL = Output(StageSpec("output", PluginId("test.sink.null"), TypeId("null"), {}), {})
DEVICE = Output(StageSpec("output", PluginId("test.sink.device"), TypeId("device"), {}), {}, silence_after_ms=100)
FILE = Output(StageSpec("output", PluginId("test.sink.file"), TypeId("file"), {}), {"path": "x"})
WAITING = replace(DEVICE, waits=True)
AWAY = OutputError("the device is gone")


class Seat:
    """An output's, dead. ``answers``: how each attempt to fill it ends; None: well, after ``played`` more frames."""

    def __init__(self, output: Output, *answers: StellaError | None) -> None:
        self.output = output
        self.lost = True
        self.absence: Absence | None = None
        self.reopened_at = 0
        self.queued_frames = QUEUED
        self.played = 0
        self.name = "output"
        self.asked: list[Output] = []
        self._answers = list(answers)

    @property
    def instance(self) -> SimpleNamespace:
        return SimpleNamespace(plugin_id=self.output.stage.plugin_id, type_id=self.output.stage.type_id)

    @property
    def use(self) -> StageUse:
        stage = self.output.stage
        return StageUse("output", stage.plugin_id, stage.type_id, Generation(1), 4242)

    async def replace(self, output: Output | None) -> tuple[int, int]:
        self._ask(output or self.output)
        self.lost = False
        return self.reopened_at, QUEUED

    async def return_to(self, output: Output) -> int:
        self._ask(output)
        return self.reopened_at

    def _ask(self, output: Output) -> None:
        self.asked.append(output)
        answer = None if output is NULL else self._answers.pop(0)
        if answer is not None:
            raise answer
        self.output, self.reopened_at = output, POSITION + self.played


class Rig:
    """The care of one seat; ``waits`` are the pauses that it made."""

    def __init__(self, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seat = seat
        self.bus = EventBus()
        self.facts: Subscription[Topic] = self.bus.subscribe(OutputLost, OutputBack, StageMended)
        self.waits: list[float] = []
        self.supervisor = Supervisor()
        pipe = SimpleNamespace(last_position=POSITION, pacing=SimpleNamespace(batched=False), dsps=())
        log = RepairLog(cast(Pipeline, pipe), self.supervisor, self.bus)
        self.care = OutputCare(cast(Pipeline, pipe), self.supervisor, log, self.bus)
        self._sleep = asyncio.sleep
        monkeypatch.setattr(asyncio, "sleep", self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.seat.output is NULL:
            self.seat.played += 1000
        await self._sleep(0)

    async def mend(self, cause: Cause = Cause.ASKED) -> None:
        await self.care.mend(cast(SinkSeat, self.seat), cast(Autopsy, SimpleNamespace(cause=cause)))

    def told(self) -> list[Topic]:
        found = []
        while (fact := self.facts.poll()) is not None:
            found.append(fact)
        return found


def run(seat: Seat, monkeypatch: pytest.MonkeyPatch, body: Callable[[Rig], Coroutine[None, None, None]]) -> None:
    async def main() -> None:
        rig = Rig(seat, monkeypatch)
        try:
            await body(rig)
        finally:
            await rig.care.close()

    asyncio.run(main())


def test_it_is_asked_ever_more_rarely_and_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it says or does not say, time and again: it is away. Then it is back, where the music stood."""

    async def body(rig: Rig) -> None:
        rig.care.lost(cast(SinkSeat, rig.seat), "the device is gone")
        await rig.mend()
        assert rig.waits == [0.0, 0.25, 0.5, 1.0, 2.0, 2.0]
        lost, mended, back = rig.told()
        assert lost == OutputLost(
            WAITING.stage.plugin_id, WAITING.stage.type_id, POSITION, "the device is gone", "wait"
        )
        assert isinstance(mended, StageMended)
        assert (mended.gap_frames, mended.planned) == (QUEUED, False)
        assert isinstance(back, OutputBack)
        assert (back.position, back.frames_lost) == (POSITION, QUEUED)
        assert rig.seat.absence is None

    run(Seat(WAITING, AWAY, RequestTimeout("open"), AWAY, AWAY, AWAY, None), monkeypatch, body)


def test_one_that_goes_as_soon_as_it_is_back_is_not_asked_in_a_tight_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(rig: Rig) -> None:
        for _ in range(5):
            rig.seat.lost = True
            await rig.mend(Cause.HANG)
        assert rig.waits == [0.0, 0.25, 0.5, 1.0, 2.0]

    run(Seat(WAITING, *[None] * 5), monkeypatch, body)


def test_what_dies_of_its_own_is_followed_at_once_and_nothing_is_told_of_a_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def body(rig: Rig) -> None:
        await rig.mend(Cause.CRASH)
        assert rig.waits == []
        assert [type(fact) for fact in rig.told()] == [StageMended]

    run(Seat(WAITING, WorkerLost("died again"), None), monkeypatch, body)


def test_the_stand_in_plays_until_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    wished = replace(WAITING, stand_in=NULL)

    async def body(rig: Rig) -> None:
        await rig.mend(Cause.HANG)
        assert rig.seat.output is NULL
        assert rig.seat.absence is not None
        while rig.seat.output is NULL:
            await rig.sleep(0.0)
        facts = rig.told()
        assert [type(fact) for fact in facts] == [OutputLost, StageMended, StageMended, OutputBack]
        assert cast(OutputLost, facts[0]).then == "null"
        assert [fact.gap_frames for fact in facts if isinstance(fact, StageMended)] == [QUEUED, rig.seat.played]
        assert cast(OutputBack, facts[-1]).frames_lost == QUEUED + rig.seat.played
        assert rig.seat.asked == [wished, NULL, wished, wished]

    run(Seat(wished, AWAY, AWAY, None), monkeypatch, body)


def test_who_chooses_another_output_meanwhile_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(DEVICE)

    async def body(rig: Rig) -> None:
        await rig.mend(Cause.HANG)
        rig.seat.output = other
        while rig.seat.absence is not None:
            await rig.sleep(0.0)
        assert len(rig.seat.asked) == 2
        assert isinstance(rig.told()[-1], OutputBack)

    run(Seat(replace(WAITING, stand_in=NULL), AWAY), monkeypatch, body)


@pytest.mark.parametrize(
    ("output", "answer"),
    [(DEVICE, AWAY), (FILE, AWAY), (WAITING, PluginDisabled("switched off"))],
    ids=["not to be waited for", "no device", "no matter of the device"],
)
def test_what_waiting_does_not_help_is_raised(
    monkeypatch: pytest.MonkeyPatch, output: Output, answer: StellaError
) -> None:
    async def body(rig: Rig) -> None:
        with pytest.raises(type(answer)):
            await rig.mend(Cause.CRASH)
        assert rig.told() == []

    run(Seat(output, answer), monkeypatch, body)
