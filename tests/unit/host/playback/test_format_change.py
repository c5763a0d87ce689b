"""Which track needs another pipeline: the output is asked no more often than it takes, and its answer decides."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from abi.kinds import StatusCode
from host.errors import PluginRefused, StellaError, WorkerLost
from host.playback import format_change
from host.playback.chain import Chain
from host.playback.format_change import FormatChange
from host.playback.format_policy import TRACK_FORMATS, FormatPolicy
from host.playback.graph import Pipeline
from host.playback.sizes import PipelineFormat
from host.playback.tracks import OpenTrack
from host.runtime import PluginRuntime


class Device:
    """Plays 44.1 kHz; gives these answers to a wish for another rate."""

    def __init__(self, *answers: int | StellaError, writes_file: bool = False, away: bool = False) -> None:
        self._answers = list(answers)
        files = SimpleNamespace(values=("out",) if writes_file else ())
        sink = SimpleNamespace(output=SimpleNamespace(files=files), absence=object() if away else None, lost=False)
        self.pipeline = cast(Pipeline, SimpleNamespace(sink=sink, format=PipelineFormat(44_100, 2)))

    async def negotiate(self, *_: object) -> PipelineFormat:
        answer = self._answers.pop(0)
        if isinstance(answer, StellaError):
            raise answer
        return PipelineFormat(answer, 2)

    @property
    def questions_left(self) -> int:
        return len(self._answers)


def track(rate_hz: int) -> OpenTrack:
    return cast(OpenTrack, SimpleNamespace(info=SimpleNamespace(sample_rate_hz=rate_hz, channels=2)))


def needed(monkeypatch: pytest.MonkeyPatch, device: Device, policy: FormatPolicy, *rates_hz: int) -> list[bool]:
    """For tracks of these rates, one after the other in a pipeline that was built for one of 44.1 kHz."""
    monkeypatch.setattr(format_change, "negotiate_beside", device.negotiate)
    chain = cast(Chain, SimpleNamespace(formats=policy))
    change = FormatChange(cast(PluginRuntime, None), device.pipeline, chain, track(44_100))

    async def ask() -> list[bool]:
        return [await change.needed_for(track(rate)) for rate in rates_hz]

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("device", "policy", "rates_hz", "found"),
    [
        (Device(48_000), TRACK_FORMATS, (44_100, 48_000), [False, True]),
        (Device(44_100), TRACK_FORMATS, (48_000, 48_000), [False, False]),
        (Device(44_100, 96_000), TRACK_FORMATS, (48_000, 96_000), [False, True]),
        (Device(), FormatPolicy(rate_hz=44_100), (48_000,), [False]),
        (Device(writes_file=True), TRACK_FORMATS, (48_000,), [False]),
        (Device(away=True), TRACK_FORMATS, (48_000,), [False]),
        (Device(PluginRefused("busy", status=StatusCode.IO)), TRACK_FORMATS, (48_000,), [True]),
        (Device(PluginRefused("never", status=StatusCode.UNSUPPORTED)), TRACK_FORMATS, (48_000,), [False]),
        (Device(WorkerLost("gone")), TRACK_FORMATS, (48_000,), [False]),
    ],
    ids=[
        "it follows",
        "it does not",
        "not that far",
        "fixed",
        "a file",
        "it is away",
        "nobody else asks",
        "it says no",
        "it dies",
    ],
)
def test_the_answer_decides(
    monkeypatch: pytest.MonkeyPatch, device: Device, policy: FormatPolicy, rates_hz: tuple[int, ...], found: list[bool]
) -> None:
    assert needed(monkeypatch, device, policy, *rates_hz) == found
    assert device.questions_left == 0
